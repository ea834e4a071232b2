package dev.cmoe.cli;

import dev.cmoe.job.FinetuneSettings;
import dev.cmoe.recipe.OutputSpec;
import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cmoe finetune}: recovers by light training what carving lost. */
@Command(
    name = "finetune",
    mixinStandardHelpOptions = true,
    header = "Recover by light training what carving lost.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe finetune [OPTIONS] CARVED OUTPUT",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe carve demo out/moe",
      "  cmoe finetune out/moe out/moe-ft --teacher demo",
      "  cmoe finetune out/llama-moe out/ft --data wiki.txt --samples 2048 --resume",
      "  cmoe finetune out/moe out/moe-ft --data a.txt --train lora,bias --dry-run"
    })
final class FinetuneCommand implements Callable<Integer> {
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
      description = "The directory to write; not needed with --dry-run.")
  private Path output;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "Text to train on: plain, or JSON lines with a 'text' field. Repeatable (default: the"
              + " calibration text that comes with cmoe).")
  private List<Path> data = new ArrayList<>();

  @Option(
      names = "--teacher",
      paramLabel = "DENSE",
      description = "Also learn from this dense model, which has the same tokenizer.")
  private String teacher;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "Windows to train on at most (default: ${DEFAULT-VALUE}).")
  private int samples = 2048;

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens a window (default: the model's context, at most 2048).")
  private Integer window;

  @Option(
      names = "--held-out",
      paramLabel = "N",
      description =
          "Windows of the text that are measured on and not trained on (default: ${DEFAULT-VALUE}).")
  private int heldOut = 8;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "Times that each window is trained on (default: ${DEFAULT-VALUE}).")
  private int epochs = 1;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Windows a step (default: ${DEFAULT-VALUE}).")
  private int batch = 2;

  @Option(
      names = "--micro-batch",
      paramLabel = "N",
      description =
          "Windows that go through the model at a time (default: about 4096 tokens, at most a"
              + " batch).")
  private Integer microBatch;

  @Option(
      names = "--eval-every",
      paramLabel = "N",
      description =
          "Steps between measurements on held-out text; 0 for before and after alone (default:"
              + " ${DEFAULT-VALUE}).")
  private int evaluateEvery = 100;

  @Option(
      names = "--save-every",
      paramLabel = "N",
      description =
          "Steps between saved states that --resume goes on from; 0 for none (default:"
              + " ${DEFAULT-VALUE}).")
  private int saveEvery = 100;

  @Option(
      names = "--max-skips",
      paramLabel = "N",
      description =
          "Steps in a row that may be left out since a loss is no number (default:"
              + " ${DEFAULT-VALUE}).")
  private int skips = 5;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of everything random (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--resume",
      description = "Go on with a run that did not end, if there is one (OUTPUT.training).")
  private boolean resume;

  @Option(
      names = "--dry-run",
      description = "Check everything, print sizes and peak memory, train nothing.")
  private boolean dryRun;

  @Option(names = "--overwrite", description = "Replace OUTPUT if it exists.")
  private boolean overwrite;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description =
          "cmoe, glm4_moe, granitemoeshared, mixtral or qwen2_moe (default: that of CARVED).")
  private String format;

  @Option(
      names = "--shard-size",
      paramLabel = "SIZE",
      description =
          "Largest weight file, such as 700MB (default: ${bundle:default.output.shardSize}).")
  private String shardSize;

  @Mixin(name = "Training")
  private TrainingOptions training = new TrainingOptions();

  @Mixin(name = "Computing")
  private RuntimeOptions runtime = new RuntimeOptions();

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  FinetuneCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    if (output == null && !dryRun) {
      throw CmoeException.usage("OUTPUT is missing: where shall the model be written?");
    }
    OutputSpec form =
        new RecipeLayers()
            .flag("--format", "output.format", format)
            .flag("--shard-size", "output.shardSize", shardSize)
            .resolve()
            .recipe()
            .output();
    FinetuneRequest request =
        new FinetuneRequest(
            model,
            Optional.ofNullable(output),
            settings(),
            form,
            runtime.spec(),
            dryRun,
            overwrite,
            resume);
    return answering.print(console, listener -> workshop.finetune(request, listener));
  }

  private FinetuneSettings settings() {
    positive("--samples", samples);
    positive("--epochs", epochs);
    positive("--batch", batch);
    TrainingOptions.notBelow("--held-out", heldOut);
    TrainingOptions.notBelow("--eval-every", evaluateEvery);
    TrainingOptions.notBelow("--save-every", saveEvery);
    TrainingOptions.notBelow("--max-skips", skips);
    if (window != null && window < 2) {
      throw CmoeException.usage("--window is " + window + "; at least 2 tokens are needed");
    }
    if (microBatch != null) {
      positive("--micro-batch", microBatch);
    }
    return new FinetuneSettings(
        data,
        Optional.ofNullable(teacher),
        training.kinds(),
        training.lora(),
        training.optimizer(),
        training.balance(),
        training.distillation(),
        optional(window),
        samples,
        heldOut,
        epochs,
        batch,
        optional(microBatch),
        evaluateEvery,
        saveEvery,
        skips,
        seed);
  }

  private static void positive(String option, int value) {
    if (value < 1) {
      throw CmoeException.usage(option + " is " + value + "; it must be at least 1");
    }
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
