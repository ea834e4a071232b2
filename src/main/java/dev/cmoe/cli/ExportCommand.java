package dev.cmoe.cli;

import dev.cmoe.gguf.GgufOptions;
import dev.cmoe.gguf.GgufType;
import dev.cmoe.recipe.OutputSpec;
import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cmoe export}: a carved model in another format. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    header = "Write a carved model in another format.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe export [OPTIONS] CARVED OUTPUT --format NAME",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe export out/moe out/moe-glm --format glm4_moe",
      "  cmoe export out/moe out/moe.gguf --format gguf --gguf-type q8_0",
      "  cmoe export out/moe --format mixtral --dry-run"
    })
final class ExportCommand implements Callable<Integer> {
  private final Workshop workshop;
  private final Console console;

  @Parameters(
      index = "0",
      paramLabel = "CARVED",
      hideParamSyntax = true,
      description = "A directory that carve wrote, in any format but gguf.")
  private String model;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OUTPUT",
      hideParamSyntax = true,
      description = "The directory to write, or the file for gguf; not needed with --dry-run.")
  private Path output;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      required = true,
      description = "auto, cmoe, glm4_moe, granitemoeshared, mixtral, qwen2_moe or gguf.")
  private String format;

  @Option(
      names = "--gguf-type",
      paramLabel = "TYPE",
      description = "Type of the matrices of a gguf file: f32, f16, bf16 or q8_0 (default: f16).")
  private String ggufType;

  @Option(
      names = "--gguf-arch",
      paramLabel = "NAME",
      description = "Architecture of a gguf file, glm4moe or llama (default: the first that fits).")
  private String ggufArchitecture;

  @Option(
      names = "--shard-size",
      paramLabel = "SIZE",
      description =
          "Largest weight file, such as 700MB (default: ${bundle:default.output.shardSize}).")
  private String shardSize;

  @Option(
      names = "--dry-run",
      description = "Check that the format fits, print sizes, write nothing.")
  private boolean dryRun;

  @Option(names = "--overwrite", description = "Replace OUTPUT if it exists.")
  private boolean overwrite;

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  ExportCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    if (output == null && !dryRun) {
      throw CmoeException.usage("OUTPUT is missing: where shall the model be written?");
    }
    if (format.equals("gguf")) {
      return gguf();
    }
    if (ggufType != null || ggufArchitecture != null) {
      throw CmoeException.usage(
          (ggufType != null ? "--gguf-type" : "--gguf-arch") + " goes with --format gguf only");
    }
    OutputSpec form =
        new RecipeLayers()
            .flag("--format", "output.format", format)
            .flag("--shard-size", "output.shardSize", shardSize)
            .resolve()
            .recipe()
            .output();
    ExportRequest request =
        new ExportRequest(model, Optional.ofNullable(output), form, dryRun, overwrite);
    return answering.print(console, listener -> workshop.export(request, listener));
  }

  private int gguf() {
    String label = Optional.ofNullable(ggufType).orElse("f16");
    GgufType type =
        GgufType.ofLabel(label)
            .orElseThrow(
                () ->
                    CmoeException.usage(
                        "--gguf-type is '" + label + "'; " + GgufType.labels() + " are known"));
    GgufRequest request =
        new GgufRequest(
            model,
            Optional.ofNullable(output),
            new GgufOptions(type, Optional.ofNullable(ggufArchitecture)),
            dryRun,
            overwrite);
    return answering.print(console, listener -> workshop.gguf(request, listener));
  }
}
