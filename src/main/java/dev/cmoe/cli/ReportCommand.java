package dev.cmoe.cli;

import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cmoe report}: several carves on one page. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    header = "Show several carves side by side on one page.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe report [OPTIONS] CARVED... -o FILE",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe report out/s1 out/s2 out/s3 -o compare.html",
      "  cmoe report out/s1 out/s2 -o page.html --bench s1.json --bench s2.json"
    })
final class ReportCommand implements Callable<Integer> {
  private final Workshop workshop;
  private final Console console;

  @Parameters(
      arity = "0..*",
      paramLabel = "CARVED",
      hideParamSyntax = true,
      description = "Directories that carve or finetune wrote, or their report.json.")
  private List<Path> runs = new ArrayList<>();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The page to write.")
  private Path output;

  @Option(
      names = "--bench",
      paramLabel = "FILE",
      description = "Speeds of one of the runs, as 'cmoe bench --json' prints them. Repeatable.")
  private List<Path> benches = new ArrayList<>();

  @Option(names = "--overwrite", description = "Replace FILE if it is a page of cmoe.")
  private boolean overwrite;

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  ReportCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    if (runs.isEmpty()) {
      throw CmoeException.usage("CARVED is missing: which runs shall be compared?");
    }
    if (output == null) {
      throw CmoeException.usage("-o FILE is missing: where shall the page be written?");
    }
    if (output.toString().equals("-")) {
      throw CmoeException.usage(
          "-o -: the page goes to a file, not to standard output; name one, such as -o runs.html");
    }
    ReportRequest request = new ReportRequest(runs, benches, output, overwrite);
    return answering.print(console, listener -> workshop.report(request, listener));
  }
}
