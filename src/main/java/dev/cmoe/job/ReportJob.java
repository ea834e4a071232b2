package dev.cmoe.job;

import dev.cmoe.checkpoint.StagedFile;
import dev.cmoe.report.BenchFigures;
import dev.cmoe.report.Comparison;
import dev.cmoe.report.ComparisonPage;
import dev.cmoe.report.RunReport;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code cmoe report}: reads what carves and fine-tunings reported and writes one page about them.
 */
public final class ReportJob {
  private ReportJob() {}

  /**
   * @param output the page
   */
  public record Result(Path output, Comparison comparison) {}

  /**
   * @param runs carved directories, or report.json files
   * @param benches documents of {@code cmoe bench}
   * @throws CmoeException of kind USAGE for a run that is named twice, BAD_INPUT for what cannot be
   *     read, belongs to no run, or may not be replaced
   */
  public static Result run(
      List<Path> runs, List<Path> benches, Path output, boolean overwrite, RunListener listener) {
    Kind kind = new Kind();
    StagedFile.check(output, overwrite, null, 0, kind);
    requireDistinct(runs);
    List<Comparison.Source> sources = runs.stream().map(ReportJob::source).toList();
    Comparison comparison =
        Comparison.of(sources, benches.stream().map(BenchFigures::read).toList());
    comparison.warnings().forEach(listener::warn);
    String page = ComparisonPage.render(comparison);
    try (StagedFile staged = StagedFile.create(output, overwrite, null, page.length(), kind)) {
      try {
        Files.writeString(staged.path(), page);
      } catch (IOException e) {
        throw CmoeException.resources(output + ": cannot be written (" + e.getMessage() + ")", e);
      }
      staged.commit();
    }
    return new Result(output, comparison);
  }

  private static void requireDistinct(List<Path> runs) {
    Map<Path, Path> named = new HashMap<>();
    for (Path place : runs) {
      Path file = reportOf(place);
      try {
        Path before = Files.exists(file) ? named.putIfAbsent(file.toRealPath(), place) : null;
        if (before != null) {
          throw CmoeException.usage(place + " is the same run as " + before + "; name it once");
        }
      } catch (IOException e) {
        throw CmoeException.badInput(file, "cannot be read (" + e.getMessage() + ")");
      }
    }
  }

  private static Comparison.Source source(Path place) {
    Path file = reportOf(place);
    if (!Files.exists(file)) {
      throw CmoeException.badInput(
          place,
          Files.isDirectory(place)
              ? "has no report.json, so it is not a directory that cmoe carve or finetune wrote"
              : "no such directory or report.json; name what cmoe carve or finetune wrote");
    }
    return new Comparison.Source(place, RunReport.read(file));
  }

  /** {@code place} itself, or the report in it where it is a directory. */
  private static Path reportOf(Path place) {
    return Files.isDirectory(place) ? place.resolve(OutputFiles.REPORT) : place;
  }

  private record Kind() implements StagedFile.Kind {
    @Override
    public String noun() {
      return "a page of cmoe";
    }

    @Override
    public int headLength() {
      return ComparisonPage.headLength();
    }

    @Override
    public boolean begins(byte[] head) {
      return ComparisonPage.begins(head);
    }
  }
}
