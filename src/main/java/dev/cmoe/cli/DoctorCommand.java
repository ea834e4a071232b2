package dev.cmoe.cli;

import dev.cmoe.job.doctor.Check;
import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cmoe doctor}: whether this machine has what cmoe needs. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    header = "Check this machine: Java, native libraries, GPU, disk, kernels.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe doctor [OPTIONS] [DIRECTORY]",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {"  cmoe doctor out", "  cmoe doctor --device gpu", "  cmoe doctor --json"})
final class DoctorCommand implements Callable<Integer> {
  private final Workshop workshop;
  private final Console console;

  @Parameters(
      paramLabel = "DIRECTORY",
      arity = "0..1",
      hideParamSyntax = true,
      description = "Where outputs are to be written (default: the working directory).")
  private Path directory;

  @Mixin(name = "Computing")
  private EngineOptions engine = new EngineOptions();

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  DoctorCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    DoctorRequest request = new DoctorRequest(Optional.ofNullable(directory), engine.spec());
    // Each line as it comes: should a native library end the process, the others were said.
    boolean telling = !answering.json();
    Consumer<Check> said = telling ? this::tell : check -> {};
    return answering.print(
        console, telling, listener -> workshop.doctor(request, listener, said, telling));
  }

  private void tell(Check check) {
    console.out().println(DoctorAnswer.line(check));
    if (console.out().checkError()) {
      throw CmoeException.resources("the result could not be written to standard output");
    }
  }
}
