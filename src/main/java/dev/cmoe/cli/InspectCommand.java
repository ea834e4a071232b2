package dev.cmoe.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cmoe inspect}: what a model is and how it can be split. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    header = "Show what a model is and which SxAyEz divide it evenly.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe inspect [OPTIONS] MODEL",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {"  cmoe inspect demo", "  cmoe inspect ~/models/TinyLlama --json"})
final class InspectCommand implements Callable<Integer> {
  private final Workshop workshop;
  private final Console console;

  @Parameters(
      paramLabel = "MODEL",
      hideParamSyntax = true,
      description = "A Hugging Face model directory, or 'demo'.")
  private String model;

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  InspectCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    InspectRequest request = new InspectRequest(model);
    return answering.print(console, listener -> workshop.inspect(request, listener));
  }
}
