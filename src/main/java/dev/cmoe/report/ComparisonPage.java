package dev.cmoe.report;

import static dev.cmoe.report.Markup.escape;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Several runs on one page, in the style of a single run's report. */
public final class ComparisonPage {
  private final Comparison comparison;

  private ComparisonPage(Comparison comparison) {
    this.comparison = comparison;
  }

  /** The page. */
  public static String render(Comparison comparison) {
    return new ComparisonPage(comparison).page();
  }

  /**
   * Whether a file that begins so is a page of ours; it takes {@link #headLength} bytes to tell.
   */
  public static boolean begins(byte[] head) {
    return Arrays.equals(head, Page.HEAD.getBytes(StandardCharsets.UTF_8));
  }

  public static int headLength() {
    return Page.HEAD.getBytes(StandardCharsets.UTF_8).length;
  }

  private String page() {
    StringBuilder out = new StringBuilder();
    String subject =
        comparison.runs().stream()
            .map(run -> run.report().model().name())
            .distinct()
            .collect(Collectors.joining(", "));
    String count = comparison.runs().size() == 1 ? "One run" : comparison.runs().size() + " runs";
    out.append(Page.header(subject, headline(), count + " side by side."));
    out.append(Page.warnings(comparison.warnings()));
    out.append(tiles());
    out.append(Page.section("Runs", RunTable.card(comparison)));
    ComparisonCharts charts = new ComparisonCharts(comparison);
    out.append(Page.section("Quality and cost", charts.tradeOffs()));
    out.append(Page.section("Layer by layer", charts.layers()));
    out.append(Page.section("Settings", settings()));
    out.append("<footer>Written by cmoe from the report.json of each run.</footer>\n");
    return Page.of(subject + ": " + count + " · cmoe", out.toString());
  }

  /** The run that loses least, if they can be ranked at all. */
  private String headline() {
    if (!comparison.sameModel() || !comparison.sameText()) {
      return "Runs that cannot be ranked: their models or texts differ";
    }
    return comparison.runs().stream()
        .filter(run -> run.carved() != null)
        .min(Comparator.comparing(ComparedRun::carved))
        .map(
            best ->
                "Lowest perplexity: "
                    + best.letter()
                    + ", "
                    + NumberText.perplexity(best.carved())
                    + (best.dense() == null
                        ? ""
                        : " against " + NumberText.perplexity(best.dense()) + " dense"))
        .orElse("Runs without an evaluation");
  }

  private String tiles() {
    Tiles tiles = new Tiles();
    for (ComparedRun run : comparison.runs()) {
      RunFigures report = run.report();
      String name =
          "<span class=\"swatch "
              + run.css()
              + "\">"
              + run.letter()
              + "</span> "
              + escape(report.experts() + ", " + report.method());
      tiles.addMarkup(name, NumberText.perplexity(run.carved()), note(run) + ", " + run.name());
    }
    return tiles.render();
  }

  private static String note(ComparedRun run) {
    if (run.carved() == null) {
      return "not evaluated";
    }
    String before =
        run.report().before() == null
            ? ""
            : NumberText.perplexity(run.report().before()) + " before fine-tuning";
    if (run.dense() == null) {
      return before.isEmpty() ? "dense not measured" : before;
    }
    String dense = NumberText.ratio(run.carved() / run.dense()) + " of dense";
    return before.isEmpty() ? dense : dense + ", " + before;
  }

  /** Only what differs: what is equal everywhere explains nothing. */
  private String settings() {
    Set<String> names = new LinkedHashSet<>();
    List<Map<String, String>> values = new ArrayList<>();
    for (ComparedRun run : comparison.runs()) {
      Map<String, String> own = new LinkedHashMap<>();
      RunFigures report = run.report();
      own.put("format", report.format());
      CalibrationFigures text = report.calibration();
      own.put(
          "calibration",
          text == null
              ? run.report().fineTuned() ? "" : "a saved plan"
              : NumberText.count(text.tokens()) + " tokens of " + String.join(", ", text.files()));
      own.put("computed in", String.valueOf(report.computeDtype()));
      own.put("threads", Integer.toString(report.threads()));
      report.settings().forEach(setting -> own.put(setting.name(), setting.value()));
      names.addAll(own.keySet());
      values.add(own);
    }
    List<String> headings = new ArrayList<>(List.of("Setting"));
    comparison.runs().forEach(run -> headings.add(String.valueOf(run.letter())));
    FigureTable table = new FigureTable("Settings that differ", headings);
    boolean any = false;
    for (String name : names) {
      List<String> row = values.stream().map(own -> own.getOrDefault(name, "")).toList();
      if (row.stream().filter(Objects::nonNull).distinct().count() > 1) {
        table.row(name, row.stream().map(value -> Objects.requireNonNullElse(value, "")).toList());
        any = true;
      }
    }
    return any
        ? Card.wide(
            "What differs",
            "Settings that are equal in all runs are left out.",
            table.table("figures"))
        : "";
  }
}
