package dev.cmoe.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Reports with figures such as real runs give. The main method writes their pages, to look at. */
final class SampleReports {
  private SampleReports() {}

  /** The bundled model at half of its FFN neurons. */
  static CarveReport demo() {
    return demo("demo", List.of());
  }

  static CarveReport demo(String name, List<String> warnings) {
    return new CarveReport(
        "out/demo-moe",
        "cmoe",
        "S2A2E8",
        "fitted",
        "linear",
        new CarvedModel(name, "llama", 256, 1024, 6, 4, 2, 4096),
        new CalibrationFigures(List.of("demo-calibration.txt"), 16384, 32, 512),
        0,
        "float32",
        2,
        List.of(
            new RunSetting("samples", "32", "default"),
            new RunSetting("window", "512", "default"),
            new RunSetting("k-act", "10", "default"),
            new RunSetting("grouping.iterations", "20", "default"),
            new RunSetting("router.steps", "300", "recipe.yaml:7"),
            new RunSetting("seed", "0", "--seed")),
        new PerplexityFigures(
            50.584,
            55.145,
            90.622,
            59.176,
            162.647,
            37888,
            "demo-eval.txt",
            512,
            0.0871,
            0.8123,
            new PerplexityFigures.StandardErrors(0.61, 0.68, 1.21, 0.74, 2.3)),
        layers(6, 6, 2, 1024, 2, new Random(7)),
        new ParameterCounts(7_082_240L, 4_731_392L, 7_080_704L, 7_082_240L),
        warnings,
        cost(6));
  }

  /** A large model with many experts. */
  static CarveReport large() {
    return new CarveReport(
        "/data/models/Big-70B-moe",
        "qwen3-moe",
        "S2A6E128",
        "fitted",
        "linear",
        new CarvedModel("Big-70B", "llama", 8192, 28672, 80, 64, 8, 128256),
        new CalibrationFigures(List.of("encyclopaedia.txt", "dialogue.jsonl"), 16384, 8, 2048),
        17,
        "bfloat16",
        16,
        List.of(),
        new PerplexityFigures(
            4.35,
            71.9,
            347.056,
            107.216,
            1076.894,
            339968,
            "wikitext2-test.txt",
            2048,
            null,
            null,
            null),
        layers(80, 126, 6, 28672, 2, new Random(11)),
        new ParameterCounts(70_634_000_000L, 19_912_000_000L, 70_553_706_496L, 70_634_000_000L),
        List.of(
            "3 experts are chosen by fewer than 0.1 % of tokens: layers 12, 40 and 77.",
            "Calibration holds 0.6 tokens per FFN neuron; more windows would help."),
        cost(80));
  }

  /** A run that neither evaluated nor calibrated nor routed. */
  static CarveReport bare() {
    List<LayerFigures> layers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      layers.add(
          new LayerFigures(
              i,
              null,
              null,
              null,
              null,
              null,
              768 + 32 * i,
              256 - 32 * i,
              List.of(),
              null,
              null,
              null,
              null));
    }
    return new CarveReport(
        "out/bare",
        "cmoe",
        "S3A3E8",
        "static",
        null,
        new CarvedModel("demo", "llama", 256, 1024, 2, 4, 2, 4096),
        null,
        0,
        "float32",
        1,
        List.of(),
        null,
        layers,
        new ParameterCounts(10, 8, 10, null),
        List.of(),
        null);
  }

  /** The bundled model with the preset that routes nothing. */
  static CarveReport withoutRouting() {
    CarveReport demo = demo();
    List<LayerFigures> layers = new ArrayList<>();
    for (LayerFigures layer : demo.layers()) {
      layers.add(
          new LayerFigures(
              layer.index(),
              null,
              null,
              null,
              null,
              layer.reconstructionError(),
              512,
              512,
              List.of(),
              layer.activationRates(),
              layer.ridgeStrength(),
              null,
              layer.seconds()));
    }
    return new CarveReport(
        "out/static",
        "cmoe",
        "S2A2E8",
        "static-fitted",
        null,
        demo.model(),
        demo.calibration(),
        0,
        "float32",
        2,
        demo.settings(),
        new PerplexityFigures(
            50.584, 59.176, null, null, null, 37888, "demo-eval.txt", 512, null, null, null),
        layers,
        demo.parameters(),
        List.of(),
        demo.cost());
  }

  /** Perplexities with the controls that are asked for; null leaves one out. */
  static CarveReport withPerplexity(CarveReport report, PerplexityFigures perplexity) {
    return new CarveReport(
        report.output(),
        report.format(),
        report.experts(),
        report.preset(),
        report.router(),
        report.model(),
        report.calibration(),
        report.seed(),
        report.computeDtype(),
        report.threads(),
        report.settings(),
        perplexity,
        report.layers(),
        report.parameters(),
        report.warnings(),
        report.cost());
  }

  private static List<LayerFigures> layers(
      int count, int experts, int active, int neurons, int shared, Random random) {
    List<LayerFigures> layers = new ArrayList<>();
    int sharedNeurons = neurons / (experts + shared) * shared;
    for (int i = 0; i < count; i++) {
      double depth = count == 1 ? 0 : (double) i / (count - 1);
      double chance = (double) active / experts;
      double chanceMass =
          chance + (1 - chance) * (0.42 - 0.1 * depth + 0.02 * random.nextGaussian());
      double captured =
          chanceMass + (1 - chanceMass) * (0.78 - 0.2 * depth + 0.03 * random.nextGaussian());
      double overlap = chance + (1 - chance) * (0.55 - 0.15 * depth + 0.03 * random.nextGaussian());
      double error = 0.05 + 0.14 * Math.sin(Math.PI * depth) + 0.01 * random.nextDouble();
      layers.add(
          new LayerFigures(
              i,
              captured,
              chanceMass,
              overlap,
              chance,
              error,
              sharedNeurons,
              neurons - sharedNeurons,
              load(experts, active, i == 12 && experts > 100, random),
              rates(sharedNeurons, neurons - sharedNeurons, depth, random),
              i % 3 == 0 ? 0.1 : 0.3,
              i == 0 ? 3.6e-6 : null,
              0.9 + 0.2 * random.nextDouble()));
    }
    return layers;
  }

  private static List<Double> load(int experts, int active, boolean idle, Random random) {
    double[] load = new double[experts];
    for (int e = 0; e < experts; e++) {
      load[e] = Math.exp((experts > 20 ? 0.6 : 0.25) * random.nextGaussian());
    }
    if (idle) {
      load[3] = 0;
    }
    double sum = Arrays.stream(load).sum();
    return Arrays.stream(load).map(v -> v * active / sum).boxed().toList();
  }

  private static RateHistogram rates(int shared, int routed, double depth, Random random) {
    double[] a = new double[shared];
    double[] b = new double[routed];
    for (int i = 0; i < shared; i++) {
      a[i] = Math.min(1, Math.pow(10, -1.5 + 0.4 * depth + 0.45 * random.nextGaussian()));
    }
    for (int i = 0; i < routed; i++) {
      b[i] = Math.min(1, Math.pow(10, -2.7 + 0.3 * depth + 0.6 * random.nextGaussian()));
    }
    return RateHistogram.of(a, b);
  }

  private static RunCost cost(int layers) {
    double scale = layers / 6.0;
    return new RunCost(
        21.4 * scale,
        2_310_000_000L,
        1_184_000_000L,
        List.of(
            new StageCost("reading", 0.31 * scale, 610_000_000L, 212_000_000L),
            new StageCost("calibration", 0.12 * scale, 700_000_000L, 240_000_000L),
            new StageCost("carving", 6.83 * scale, 2_310_000_000L, 1_184_000_000L),
            new StageCost("writing", 0.52 * scale, 1_400_000_000L, 420_000_000L),
            new StageCost("controls", 8.94 * scale, 2_100_000_000L, 1_020_000_000L),
            new StageCost("evaluation", 4.68 * scale, 1_700_000_000L, 815_000_000L)));
  }

  /** Writes the sample pages to the directory named, or to target/report-samples. */
  public static void main(String[] arguments) throws IOException {
    Path to = Path.of(arguments.length > 0 ? arguments[0] : "target/report-samples");
    Files.createDirectories(to);
    HtmlReport.write(demo(), to.resolve("demo.html"));
    HtmlReport.write(large(), to.resolve("large.html"));
    HtmlReport.write(bare(), to.resolve("bare.html"));
    HtmlReport.write(withoutRouting(), to.resolve("static.html"));
    JsonReport.write(demo(), to.resolve("demo.json"));
  }
}
