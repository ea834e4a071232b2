package dev.cmoe.report;

import java.util.List;
import java.util.Map;

/** The part of a page that tells of a fine-tuning: figures, charts, settings. */
final class FinetunePart {
  private final FinetuneReport report;
  private final String prefix;

  /**
   * @param prefix of the charts' names, which are unique in a page
   */
  FinetunePart(FinetuneReport report, String prefix) {
    this.report = report;
    this.prefix = prefix;
  }

  String render() {
    return Page.warnings(report.warnings())
        + FinetuneKeyFigures.render(report)
        + Page.section("Training", new CurveCards(report, prefix).render())
        + Page.section("Expert load", new LoadChangeCards(report, prefix).render())
        + Page.section("Parameters and cost", parameters() + cost())
        + Page.section("Run", run());
  }

  private String cost() {
    return new CostCards(report.cost(), List.of(), prefix).render();
  }

  private String parameters() {
    BarChart chart =
        new BarChart(
            prefix + "trained", "Trained values by kind", "Bars, one a kind of parameter.");
    FigureTable table = new FigureTable("Trained values", List.of("Kind", "Values", "Rate"));
    for (Map.Entry<String, Long> kind : report.extent().trainedParameters().entrySet()) {
      Double rate = report.extent().learningRates().get(kind.getKey());
      String text = NumberText.count(kind.getValue());
      String note = rate == null ? "by rule" : NumberText.significant(rate);
      chart.add(new BarChart.Bar(name(kind.getKey()), "series-a", kind.getValue(), text, note, 0));
      table.row(name(kind.getKey()), List.of(text, note));
    }
    if (report.extent().trainedParameters().isEmpty()) {
      return "";
    }
    return Card.of(
        "Trained values",
        "By kind, with the learning rate beside, of a model of "
            + NumberText.magnitude(report.modelParameters().total())
            + " parameters. Low-rank additions are merged into its weights at the end.",
        chart.logarithmicIfWide(NumberText::magnitude).render() + table.folded());
  }

  private static String name(String kind) {
    return switch (kind) {
      case "lora" -> "lora: low-rank additions";
      case "gates" -> "gates: scales";
      case "router" -> "router: weights and biases";
      case "bias" -> "bias: of the selection";
      default -> kind;
    };
  }

  private String run() {
    FinetuneSetup setup = report.setup();
    TrainingExtent extent = report.extent();
    FigureTable run = new FigureTable("Run", List.of("Setting", "Value"));
    run.row("input", List.of(setup.input()));
    run.row("experts", List.of(setup.experts()));
    run.row("preset", List.of(setup.preset() == null ? "not known" : setup.preset()));
    run.row("text", List.of(setup.text()));
    run.row("teacher", List.of(setup.teacher() == null ? "none" : setup.teacher()));
    String windows =
        NumberText.count(extent.trainingWindows()) + " of " + NumberText.count(extent.window());
    run.row("windows trained on", List.of(windows + " tokens"));
    run.row("windows measured on", List.of(NumberText.count(extent.heldOutWindows())));
    run.row("steps", List.of(NumberText.count(extent.steps())));
    if (report.time() != null && report.time().resumedAfter() != null) {
      String rest = ", so stages and peaks are those of the rest";
      run.row(
          "resumed",
          List.of("after step " + NumberText.count(report.time().resumedAfter()) + rest));
    }
    run.row("seed", List.of(Long.toString(setup.seed())));
    run.row("computed in", List.of(String.valueOf(setup.computeDtype())));
    run.row("threads", List.of(Integer.toString(setup.threads())));
    run.row("output", List.of(setup.output()));
    run.row("format", List.of(setup.format()));
    String cards = Card.of("Run", "", run.table("settings"));
    if (!setup.settings().isEmpty()) {
      FigureTable all = new FigureTable("Settings", List.of("Setting", "Value"));
      setup.settings().forEach(each -> all.row(each.name(), List.of(String.valueOf(each.value()))));
      cards += Card.of("Settings", "Named as on the command line.", all.table("settings"));
    }
    return cards;
  }
}
