package dev.cmoe.cli;

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

/** {@code cmoe eval}: perplexity, and how far a carved model is from its dense one. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    header = "Measure the perplexity of a dense or carved model.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe eval [OPTIONS] MODEL",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe eval demo",
      "  cmoe eval out/moe --against ~/models/TinyLlama --text other.txt",
      "  cmoe eval out/moe --text a.txt --text b.txt --window 1024 --json"
    })
final class EvalCommand implements Callable<Integer> {
  private final Workshop workshop;
  private final Console console;

  @Parameters(
      paramLabel = "MODEL",
      hideParamSyntax = true,
      description = "A model directory, dense or carved, or 'demo'.")
  private String model;

  @Option(
      names = "--against",
      paramLabel = "DENSE",
      description =
          "Also run this model: perplexity ratio, mean KL divergence and top-1 agreement.")
  private String against;

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "Text to measure on. Repeatable (default: the text that comes with cmoe).")
  private List<Path> text = new ArrayList<>();

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens a window, at least 2 (default: the model's context, at most 2048).")
  private Integer window;

  @Option(
      names = "--max-windows",
      paramLabel = "N",
      description = "Windows of the text at most (default: all).")
  private Integer maxWindows;

  @Mixin(name = "Computing")
  private RuntimeOptions runtime = new RuntimeOptions();

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  EvalCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    EvalRequest request =
        new EvalRequest(
            model,
            Optional.ofNullable(against),
            text,
            atLeast("--window", window, 2),
            atLeast("--max-windows", maxWindows, 1),
            runtime.spec());
    return answering.print(console, listener -> workshop.eval(request, listener));
  }

  private static OptionalInt atLeast(String flag, Integer given, int least) {
    if (given == null) {
      return OptionalInt.empty();
    }
    if (given < least) {
      throw CmoeException.usage(
          flag + ": '" + given + "' is not a whole number of at least " + least);
    }
    return OptionalInt.of(given);
  }
}
