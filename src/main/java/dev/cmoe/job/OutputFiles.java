package dev.cmoe.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.carve.DenseTensors;
import dev.cmoe.carve.OwnFormatWriter;
import dev.cmoe.checkpoint.Manifest;
import dev.cmoe.checkpoint.ModelCard;
import dev.cmoe.checkpoint.SideFiles;
import dev.cmoe.export.CmoeFormat;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.nn.Decoder;
import dev.cmoe.recipe.ResolvedRecipe;
import dev.cmoe.report.CarveReport;
import dev.cmoe.report.FinetunePerplexity;
import dev.cmoe.report.FinetuneReport;
import dev.cmoe.report.HtmlReport;
import dev.cmoe.report.JsonReport;
import dev.cmoe.report.RunFigures;
import dev.cmoe.report.RunReport;
import dev.cmoe.report.StageCost;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.Versions;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/** Everything of an output directory but weights, plan and report. */
final class OutputFiles {
  static final String RECIPE = "cmoe_recipe.yaml";

  static final String REPORT = "report.json";
  private static final String PAGE = "report.html";

  /** They hold timings, so a digest of them would differ between equal runs. */
  static final List<String> REPORTS = List.of(REPORT, PAGE);

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path directory;
  private final Decoder dense;
  private final MoeShape shape;
  private final ResolvedRecipe recipe;
  private final ExportFormat format;

  OutputFiles(
      Path directory, Decoder dense, MoeShape shape, ResolvedRecipe recipe, ExportFormat format) {
    this.directory = directory;
    this.dense = dense;
    this.shape = shape;
    this.recipe = recipe;
    this.format = format;
  }

  /** A folder of the output. */
  Path makeFolder(String name) {
    try {
      return Files.createDirectories(directory.resolve(name));
    } catch (IOException e) {
      throw CmoeException.resources(
          directory.resolve(name) + ": cannot be made (" + e.getMessage() + ")", e);
    }
  }

  /**
   * The resolved recipe into the output; into {@code carved} what a directory in the own format has
   * beside weights: config.json, the Python files that transformers loads, and the dense model's
   * side files.
   */
  void writeConfiguration(Path carved) {
    try {
      Files.writeString(
          carved.resolve("config.json"),
          JSON.writeValueAsString(
                  OwnLayout.config(dense.checkpoint().config(), dense.config(), shape))
              + "\n");
      Files.writeString(directory.resolve(RECIPE), recipe.toYaml());
    } catch (IOException e) {
      throw CmoeException.resources(directory + ": cannot be written (" + e.getMessage() + ")", e);
    }
    CmoeFormat.writeCode(carved);
    SideFiles.copy(dense.checkpoint().directory(), carved);
  }

  /** Elements in weight files of the own format. */
  long ownElements() {
    DenseTensors tensors = DenseTensors.check(dense.checkpoint(), dense.config());
    return OwnFormatWriter.specs(tensors, dense.config(), shape).stream()
        .mapToLong(TensorSpec::elements)
        .sum();
  }

  void writeCard(Path output, CarveReport report) {
    card(output, report, ModelCard.licenseOf(dense.checkpoint().directory()), format.remoteCode())
        .write(directory);
  }

  /** Both forms of a report into {@code directory}. */
  static void report(RunReport report, Path directory) {
    JsonReport.write(report, directory.resolve(REPORT));
    HtmlReport.write(report, directory.resolve(PAGE));
  }

  static ModelCard card(Path output, RunReport of, ObjectNode license, boolean remoteCode) {
    RunFigures report = of.figures();
    var perplexity = of.carving().map(CarveReport::perplexity).orElse(null);
    return new ModelCard(
        String.valueOf(output.toAbsolutePath().normalize().getFileName()),
        report.model().name(),
        license,
        report.experts(),
        report.preset() == null ? "" : report.preset(),
        report.format(),
        report.calibration() == null ? "" : String.join(", ", report.calibration().files()),
        perplexity == null ? "" : perplexity.text(),
        perplexity == null ? OptionalDouble.empty() : optional(perplexity.dense()),
        perplexity == null ? OptionalDouble.empty() : optional(perplexity.carved()),
        report.parameters().total(),
        report.parameters().active(),
        tunings(of),
        remoteCode,
        Versions.current().cmoe());
  }

  /** All fine-tunings of a model, the first one first. */
  private static List<ModelCard.FineTuning> tunings(RunReport report) {
    if (!(report instanceof FinetuneReport last)) {
      return List.of();
    }
    List<ModelCard.FineTuning> tunings = new ArrayList<>();
    tunings.add(tuning(last));
    last.earlier().forEach(each -> tunings.add(0, tuning(each)));
    return tunings;
  }

  private static ModelCard.FineTuning tuning(FinetuneReport report) {
    FinetunePerplexity perplexity = report.perplexity();
    return new ModelCard.FineTuning(
        report.setup().text(),
        report.setup().teacher() == null ? "" : Figures.nameOf(report.setup().teacher()),
        String.join(", ", report.extent().trained()),
        report.extent().parameters(),
        report.extent().steps(),
        report.extent().tokens(),
        perplexity == null ? OptionalDouble.empty() : optional(perplexity.dense()),
        perplexity == null ? OptionalDouble.empty() : optional(perplexity.before()),
        perplexity == null ? OptionalDouble.empty() : optional(perplexity.after()));
  }

  private static OptionalDouble optional(Double value) {
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /**
   * The manifest, last of all files.
   *
   * @param digests of the weight files, already known
   */
  void writeManifest(Map<String, String> digests, CarveReport report) {
    Versions versions = Versions.current();
    SortedMap<String, Manifest.OutputFile> files = Manifest.files(directory, digests);
    REPORTS.forEach(files::remove);
    Map<String, Object> timings = new TreeMap<>();
    timings.put("finished", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    timings.put("totalSeconds", report.cost().totalSeconds());
    for (StageCost stage : report.cost().stages()) {
      timings.put(stage.name(), stage.seconds());
    }
    Manifest.of(
            versions.cmoe(),
            libraries(versions),
            recipe.values().stream().map(value -> value.key() + "=" + value.text()).toList(),
            report.seed(),
            Manifest.Input.of(report.model().name(), dense.checkpoint()),
            files,
            timings)
        .write(directory);
  }

  static Map<String, String> libraries(Versions versions) {
    return Map.of("djl", versions.djl(), "libtorch", versions.libtorch(), "nd4j", versions.nd4j());
  }
}
