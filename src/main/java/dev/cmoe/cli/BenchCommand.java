package dev.cmoe.cli;

import dev.cmoe.bench.BenchSpec;
import dev.cmoe.run.CmoeException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cmoe bench}: how fast a model is, and how much faster than its dense one. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    header = "Measure the speed of a model, and of a carved one beside its dense one.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe bench [OPTIONS] MODEL [--against DENSE]",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe bench out/moe --against ~/models/TinyLlama",
      "  cmoe bench out/moe --against ~/models/TinyLlama --batch 1,8 -o csv",
      "  cmoe bench demo --prompt-tokens 128 --decode-tokens 32 --repeat 3"
    })
final class BenchCommand implements Callable<Integer> {
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
      description = "Also run the dense model, in turn with MODEL.")
  private String against;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      description = "Tokens of each prompt (default: 512, or what the context leaves).")
  private Integer promptTokens;

  @Option(
      names = "--decode-tokens",
      paramLabel = "N",
      description =
          "Tokens after the prompt, one at a time (default: 128, or what the context leaves).")
  private Integer decodeTokens;

  @Option(
      names = "--batch",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,8",
      description =
          "Sequences side by side; several numbers are run one after the other (default: 1,8).")
  private List<Integer> batches;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "5",
      description = "Runs that count, after one that warms up (default: 5).")
  private int repeat;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      defaultValue = "md",
      description = "md, json or csv (default: md; --json is -o json).")
  private String output;

  @Mixin(name = "Computing")
  private RuntimeOptions runtime = new RuntimeOptions();

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  BenchCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    atLeastOne("--repeat", repeat);
    batches.forEach(batch -> atLeastOne("--batch", batch));
    if (Set.copyOf(batches).size() < batches.size()) {
      throw CmoeException.usage("--batch: " + batches + " has a number twice; give each once");
    }
    BenchRequest request =
        new BenchRequest(
            model,
            Optional.ofNullable(against),
            new BenchSpec.Wish(
                length("--prompt-tokens", promptTokens),
                length("--decode-tokens", decodeTokens),
                batches,
                repeat),
            BenchForm.of(output),
            runtime.spec());
    return answering.print(console, listener -> workshop.bench(request, listener));
  }

  private static OptionalInt length(String flag, Integer given) {
    if (given == null) {
      return OptionalInt.empty();
    }
    atLeastOne(flag, given);
    return OptionalInt.of(given);
  }

  private static void atLeastOne(String flag, int given) {
    if (given < 1) {
      throw CmoeException.usage(flag + ": '" + given + "' is not a whole number of at least 1");
    }
  }
}
