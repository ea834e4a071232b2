package dev.cmoe.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code cmoe forward}: the time of one forward pass, which the time of carving is compared with.
 */
@Command(
    name = "forward",
    hidden = true,
    mixinStandardHelpOptions = true,
    header = "Time one forward pass over the default calibration windows.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe forward [OPTIONS] MODEL",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe forward demo --window 512 --samples 32",
      "  cmoe forward out/tinyllama-random --json"
    })
final class ForwardCommand implements Callable<Integer> {
  private final Workshop workshop;
  private final Console console;

  @Parameters(
      paramLabel = "MODEL",
      hideParamSyntax = true,
      description = "A model directory, dense or carved, or 'demo'.")
  private String model;

  @Option(names = "--samples", defaultValue = "8", paramLabel = "N", description = "Windows.")
  private int samples;

  @Option(
      names = "--window",
      defaultValue = "2048",
      paramLabel = "N",
      description = "Tokens a window.")
  private int window;

  @Mixin(name = "Computing")
  private RuntimeOptions runtime = new RuntimeOptions();

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  ForwardCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    ForwardRequest request = new ForwardRequest(model, samples, window, runtime.spec());
    return answering.print(console, listener -> workshop.forward(request, listener));
  }
}
