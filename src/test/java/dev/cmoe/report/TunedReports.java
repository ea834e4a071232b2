package dev.cmoe.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Reports of fine-tunings as real runs give them. The main method writes their pages. */
final class TunedReports {
  private static final CarvedModel DEMO =
      new CarvedModel("demo", "llama", 256, 1024, 6, 4, 2, 4096);

  private TunedReports() {}

  /** The bundled model, carved and taught by itself. */
  static FinetuneReport taught() {
    return report(DEMO, "fitted", "demo", 400, 6, 6, 2, 4).after(SampleReports.demo());
  }

  /** Fine-tuned once more. */
  static FinetuneReport twice() {
    FinetuneReport first = taught();
    FinetuneReport again = report(DEMO, "fitted", null, 60, 6, 6, 2, 1);
    return new FinetuneReport(
            again.setup(),
            again.extent(),
            new FinetunePerplexity(52.123, 49.0, null, 4096, "notes.txt", 512),
            again.expertLoad(),
            again.curve(),
            again.modelParameters(),
            new TrainingTime(3.5, 1755.2, 20L),
            List.of("step 7: the loss or its gradient is no number; skipped"),
            again.cost(),
            List.of(),
            null)
        .after(first);
  }

  /** Of a directory that does not tell how it was carved, with nothing held out. */
  static FinetuneReport alone() {
    FinetuneReport all = report(DEMO, null, null, 9, 6, 6, 2, 0);
    return new FinetuneReport(
        all.setup(),
        all.extent(),
        null,
        null,
        new TrainingCurve(all.curve().steps(), List.of()),
        all.modelParameters(),
        all.time(),
        List.of(),
        null,
        List.of(),
        null);
  }

  /** A large model with many experts, trained for long. */
  static FinetuneReport large() {
    CarvedModel model = new CarvedModel("Big-70B", "llama", 8192, 28672, 80, 64, 8, 128256);
    return report(model, "fitted", "/data/models/Big-70B", 20_000, 80, 126, 6, 40)
        .after(SampleReports.large());
  }

  private static FinetuneReport report(
      CarvedModel model,
      String preset,
      String teacher,
      int steps,
      int layers,
      int experts,
      int active,
      int measures) {
    Random random = new Random(3);
    boolean taught = teacher != null;
    FinetuneSetup setup =
        new FinetuneSetup(
            "out/demo-moe",
            "out/demo-ft",
            "S2A" + active + "E" + (experts + 2),
            preset,
            "cmoe",
            model,
            "notes.txt",
            teacher,
            0,
            "float32",
            2,
            List.of(
                new RunSetting("lora-rank", "8", null), new RunSetting("lr-lora", "0.001", null)));
    Map<String, Double> rates = new LinkedHashMap<>();
    rates.put("lora", 1e-3);
    rates.put("router", 1e-4);
    Map<String, Long> values = new LinkedHashMap<>();
    values.put("lora", 430_080L);
    values.put("router", 9_252L);
    values.put("bias", 36L);
    return new FinetuneReport(
        setup,
        new TrainingExtent(
            List.copyOf(values.keySet()),
            rates,
            439_332,
            values,
            steps,
            steps * 1024L,
            512,
            800,
            8),
        new FinetunePerplexity(55.2, 52.123, taught ? 50.584 : null, 4096, "notes.txt", 512),
        loads(layers, experts, active, random),
        new TrainingCurve(steps(steps, taught, random), measures(steps, measures)),
        new ParameterCounts(7_082_240L, 4_731_392L, 7_080_704L, 7_082_240L),
        new TrainingTime(steps * 0.4, 2560.3, null),
        List.of(),
        new RunCost(
            steps * 0.4 + 12,
            1_900_000_000L,
            742_000_000L,
            List.of(
                new StageCost("measuring before", 4.1, 900_000_000L, 310_000_000L),
                new StageCost("fine-tuning", steps * 0.4, 1_900_000_000L, 742_000_000L),
                new StageCost("measuring after", 4.2, 1_000_000_000L, 500_000_000L),
                new StageCost("writing cmoe", 0.4, 1_100_000_000L, 410_000_000L))),
        List.of(),
        null);
  }

  private static List<TrainingCurve.Step> steps(int count, boolean taught, Random random) {
    List<TrainingCurve.Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double done = (double) i / count;
      double entropy = 3.95 + 0.12 * Math.exp(-5 * done) + 0.12 * random.nextGaussian();
      double divergence =
          taught ? 0.03 + 0.07 * Math.exp(-6 * done) + 0.004 * random.nextGaussian() : 0;
      boolean skipped = i == 7 && count == 60;
      steps.add(
          new TrainingCurve.Step(
              i,
              skipped ? null : taught ? (entropy + divergence) / 2 : entropy,
              skipped ? null : entropy,
              divergence,
              0.6 + 0.3 * random.nextDouble(),
              Math.min(1, (i + 1) / 20.) * (1 + Math.cos(Math.PI * done)) / 2,
              skipped));
    }
    return steps;
  }

  private static List<TrainingCurve.Measure> measures(int steps, int count) {
    List<TrainingCurve.Measure> measures = new ArrayList<>();
    for (int i = 0; i <= count; i++) {
      double done = count == 0 ? 0 : (double) i / count;
      measures.add(
          new TrainingCurve.Measure(
              Math.round(done * steps),
              52.123 + 3.077 * Math.exp(-4 * done) - 3.077 * Math.exp(-4) * done,
              1.3 + 0.4 * Math.exp(-3 * done)));
    }
    return measures;
  }

  private static ExpertLoads loads(int layers, int experts, int active, Random random) {
    long[][] before = new long[layers][experts];
    long[][] after = new long[layers][experts];
    for (int layer = 0; layer < layers; layer++) {
      for (int e = 0; e < experts; e++) {
        double mean = 4096.0 * active / experts;
        double odd = random.nextGaussian();
        before[layer][e] = Math.min(4096, Math.round(mean * Math.exp(0.4 * odd)));
        after[layer][e] = Math.round(mean * Math.exp(0.15 * odd));
      }
    }
    return ExpertLoads.of(4096, before, after);
  }

  /** Writes the sample pages to the directory named, or to target/report-samples. */
  public static void main(String[] arguments) throws IOException {
    Path to = Path.of(arguments.length > 0 ? arguments[0] : "target/report-samples");
    Files.createDirectories(to);
    HtmlReport.write(taught(), to.resolve("tuned.html"));
    HtmlReport.write(twice(), to.resolve("tuned-twice.html"));
    HtmlReport.write(alone(), to.resolve("tuned-alone.html"));
    HtmlReport.write(large(), to.resolve("tuned-large.html"));
    JsonReport.write(taught(), to.resolve("tuned.json"));
    Comparison comparison =
        Comparison.of(
            List.of(
                new Comparison.Source(Path.of("out/demo-moe"), SampleReports.demo()),
                new Comparison.Source(Path.of("out/demo-ft"), taught()),
                new Comparison.Source(Path.of("out/demo-ft2"), twice())),
            List.of());
    Files.writeString(to.resolve("tuned-compared.html"), ComparisonPage.render(comparison));
  }
}
