package dev.cmoe.report;

import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The report as one page that needs nothing else: no script, no font, no address. It is well-formed
 * XML as well as HTML, and equal reports give equal pages. That of a fine-tuned model tells of the
 * training first, then of fine-tunings before it and of the carve.
 */
public final class HtmlReport {
  private HtmlReport() {}

  /** The page. */
  public static String render(RunReport report) {
    return report instanceof FinetuneReport tuned ? page(tuned) : page((CarveReport) report);
  }

  /** Writes the page to {@code file} as UTF-8. */
  public static void write(RunReport report, Path file) {
    try {
      Files.writeString(file, render(report));
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static String page(CarveReport report) {
    Verdict verdict = new Verdict(report);
    String name = report.model().name();
    return Page.of(
        name + " as " + report.experts() + " · cmoe",
        Page.header(
                name + " · " + report.experts() + " · " + report.preset(),
                verdict.headline(),
                verdict.comparison())
            + new CarvePart(report).render()
            + footer(report));
  }

  private static String page(FinetuneReport report) {
    FinetuneVerdict verdict = new FinetuneVerdict(report);
    RunFigures figures = report.figures();
    String name = figures.model().name();
    StringBuilder content = new StringBuilder();
    content.append(
        Page.header(
            name + " · " + figures.experts() + " · " + figures.method(),
            verdict.headline(),
            verdict.comparison()));
    content.append(new FinetunePart(report, "tuning-").render());
    for (int i = 0; i < report.earlier().size(); i++) {
      FinetuneReport earlier = report.earlier().get(i);
      FinetuneVerdict then = new FinetuneVerdict(earlier);
      content.append(Page.part("Fine-tuned before", then.headline(), then.comparison()));
      content.append(new FinetunePart(earlier, "tuning-" + (i + 1) + "-").render());
    }
    report
        .carving()
        .ifPresent(
            carve -> {
              Verdict then = new Verdict(carve);
              content.append(Page.part("Carving", then.headline(), then.comparison()));
              content.append(new CarvePart(carve).render());
            });
    String title = name + " as " + figures.experts() + ", fine-tuned · cmoe";
    return Page.of(title, content + footer(report));
  }

  private static String footer(RunReport report) {
    return "<footer>Written by cmoe. The same figures stand in report.json, schema "
        + report.schema()
        + ".</footer>\n";
  }
}
