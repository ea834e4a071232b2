package dev.cmoe.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** How a training went, step by step. */
final class CurveCards {
  /** Rows of a folded table at most. */
  private static final int ROWS = 40;

  private final FinetuneReport report;
  private final List<TrainingCurve.Step> steps;
  private final List<TrainingCurve.Measure> measures;
  private final String prefix;

  CurveCards(FinetuneReport report, String prefix) {
    this.report = report;
    this.steps = report.curve().steps();
    this.measures =
        report.curve().measures().stream().filter(each -> each.perplexity() != null).toList();
    this.prefix = prefix;
  }

  String render() {
    return perplexity() + losses() + rate() + gradient();
  }

  private String perplexity() {
    if (measures.isEmpty()) {
      return "";
    }
    FinetunePerplexity figures = report.perplexity();
    CurveChart chart =
        new CurveChart(
                prefix + "perplexity",
                "Perplexity on held-out text, over the steps",
                "Dots and a line, one dot an evaluation. Lower is better.",
                NumberText::significant)
            .add(
                new CurveChart.Series(
                    "this model",
                    "series-a",
                    measures.stream()
                        .map(each -> new CurveChart.Point(each.step(), each.perplexity()))
                        .toList(),
                    CurveChart.Style.DOTS));
    if (figures != null && figures.dense() != null) {
      chart.level("dense", figures.dense());
    }
    FigureTable table =
        new FigureTable("Held-out text", List.of("After step", "Perplexity", "Load imbalance"));
    for (TrainingCurve.Measure each : measures) {
      table.row(
          NumberText.count(each.step()),
          List.of(precise(each.perplexity()), precise(each.imbalance())));
    }
    String on =
        figures == null
            ? ""
            : NumberText.count(figures.tokens())
                + " tokens of "
                + figures.text()
                + ", in windows of "
                + figures.window()
                + ", that were not trained on.";
    return Card.of("Perplexity", "Lower is better. " + on, chart.render() + table.folded());
  }

  private String losses() {
    boolean taught = report.setup().teacher() != null;
    if (!taught) {
      return curve(
          "loss",
          "Loss",
          "Cross-entropy of the next token, nats a token, mean of each step’s batch." + skipped(),
          TrainingCurve.Step::loss,
          table());
    }
    return curve(
            "loss",
            "Loss",
            "What is minimised, nats a token: cross-entropy and divergence, as "
                + "mix and temperature weight them."
                + skipped(),
            TrainingCurve.Step::loss,
            table())
        + curve(
            "entropy",
            "Cross-entropy",
            "Of the next token, nats a token.",
            TrainingCurve.Step::entropy,
            null)
        + curve(
            "divergence",
            "Divergence from the teacher",
            "Mean KL divergence from " + report.setup().teacher() + ", nats a token.",
            TrainingCurve.Step::divergence,
            null);
  }

  private String skipped() {
    long count = report.curve().skipped();
    return count == 0
        ? ""
        : count == 1
            ? " One step was skipped: its numbers were none."
            : " " + count + " steps were skipped: their numbers were none.";
  }

  private String curve(
      String id,
      String title,
      String lead,
      Function<TrainingCurve.Step, Double> figure,
      FigureTable table) {
    List<CurveChart.Point> points = points(figure);
    if (points.isEmpty()) {
      return "";
    }
    String end = " From " + precise(points.get(0).value()) + " to ";
    List<CurveChart.Point> trend = Trend.of(points);
    end += precise(Trend.suits(points) ? last(trend).value() : last(points).value()) + ".";
    return Card.of(
        title,
        lead,
        chart(id, title, "A line over the steps." + end, points).render()
            + (table == null ? "" : table.folded()));
  }

  private static CurveChart.Point last(List<CurveChart.Point> points) {
    return points.get(points.size() - 1);
  }

  /** Single steps in the background and their trend, where there are enough for one. */
  private CurveChart chart(
      String id, String title, String description, List<CurveChart.Point> points) {
    CurveChart chart =
        new CurveChart(prefix + id, title + ", step by step", description, NumberText::significant);
    if (!Trend.suits(points)) {
      return chart.add(
          new CurveChart.Series("each step", "series-a", points, CurveChart.Style.LINE));
    }
    return chart
        .add(new CurveChart.Series("each step", "series-a", points, CurveChart.Style.FAINT))
        .add(new CurveChart.Series("trend", "series-a", Trend.of(points), CurveChart.Style.LINE));
  }

  private List<CurveChart.Point> points(Function<TrainingCurve.Step, Double> figure) {
    return steps.stream()
        .filter(step -> !step.skipped() && figure.apply(step) != null)
        .map(step -> new CurveChart.Point(step.step() + 1, figure.apply(step)))
        .toList();
  }

  private String rate() {
    List<CurveChart.Point> points = points(TrainingCurve.Step::rate);
    if (points.isEmpty() || report.extent().learningRates().isEmpty()) {
      return "";
    }
    String rates =
        report.extent().learningRates().entrySet().stream()
            .map(rate -> rate.getKey() + " " + NumberText.significant(rate.getValue()))
            .collect(Collectors.joining(", "));
    String chart =
        new CurveChart(
                prefix + "rate",
                "Learning rate, step by step",
                "A line over the steps, as a share of each kind’s full rate.",
                NumberText::shortPercent)
            .add(new CurveChart.Series("rate", "series-b", points, CurveChart.Style.LINE))
            .cover(0)
            .cover(1)
            .render();
    return Card.of("Learning rate", "As a share of the full rates: " + rates + ".", chart);
  }

  private String gradient() {
    List<CurveChart.Point> points = points(TrainingCurve.Step::gradient);
    if (points.isEmpty() || points.stream().allMatch(point -> point.value() == 0)) {
      return "";
    }
    String chart =
        chart("gradient", "Length of the gradient", "A line over the steps.", points)
            .cover(0)
            .render();
    return Card.of(
        "Length of the gradient", "All trained values together, before clipping.", chart);
  }

  /** Evenly spread steps, the first and the last among them. */
  private FigureTable table() {
    boolean taught = report.setup().teacher() != null;
    List<String> headings = new ArrayList<>(List.of("Step", "Loss"));
    if (taught) {
      headings.addAll(List.of("Cross-entropy", "Divergence"));
    }
    headings.addAll(List.of("Gradient", "Rate"));
    FigureTable table = new FigureTable("Steps", headings);
    Set<Integer> shown = new LinkedHashSet<>();
    int rows = Math.min(ROWS, steps.size());
    for (int i = 0; i < rows; i++) {
      shown.add(rows == 1 ? 0 : (int) ((long) i * (steps.size() - 1) / (rows - 1)));
    }
    for (int index : shown) {
      TrainingCurve.Step step = steps.get(index);
      List<String> cells = new ArrayList<>(List.of(precise(step.loss())));
      if (taught) {
        cells.addAll(List.of(precise(step.entropy()), precise(step.divergence())));
      }
      cells.addAll(
          List.of(NumberText.significant(step.gradient()), NumberText.percent(step.rate())));
      table.row(NumberText.count(step.step() + 1), cells);
    }
    return table;
  }

  private static String precise(Double value) {
    return value == null ? NumberText.NONE : NumberText.significant(2, value);
  }
}
