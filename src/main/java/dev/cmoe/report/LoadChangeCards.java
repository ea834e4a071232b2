package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Who gets the tokens before and after training. */
final class LoadChangeCards {
  private final FinetuneReport report;
  private final List<LayerLoad> before;
  private final List<LayerLoad> after;
  private final String prefix;

  LoadChangeCards(FinetuneReport report, String prefix) {
    ExpertLoads loads = report.expertLoad();
    this.report = report;
    this.before = loads == null ? List.of() : loads.sharesBefore();
    this.after = loads == null ? List.of() : loads.sharesAfter();
    this.prefix = prefix;
  }

  String render() {
    if (before.isEmpty()) {
      return "";
    }
    double span = HeatMap.span(Stream.concat(before.stream(), after.stream()).toList());
    return LoadCard.of(prefix + "load-before", "Tokens of each expert, before", before, span)
        + LoadCard.of(prefix + "load-after", "Tokens of each expert, after", after, span)
        + imbalance()
        + course();
  }

  private String imbalance() {
    List<Integer> indices = before.stream().map(LayerLoad::index).toList();
    ExpertLoads loads = report.expertLoad();
    String means =
        "On average "
            + NumberText.ratio(loads.imbalanceBefore().orElse(0))
            + " before and "
            + NumberText.ratio(loads.imbalanceAfter().orElse(0))
            + " after.";
    LineChart chart =
        new LineChart(
                prefix + "imbalance",
                "Busiest expert’s load over the mean load, before and after, layer by layer",
                means + " 1 is balanced.",
                indices,
                (more, value) -> "×" + NumberText.significant(more, value))
            .add(series("before", "series-b", before))
            .add(series("after", "series-a", after))
            .add(
                new LineChart.Series(
                    "balanced", "chance", before.stream().map(layer -> 1.0).toList(), false))
            .cover(1);
    FigureTable table =
        new FigureTable(
            "Load of the busiest expert over the mean load",
            List.of("Layer", "Before", "After", "Never used before", "After"));
    for (int i = 0; i < before.size(); i++) {
      table.row(
          Integer.toString(before.get(i).index()),
          List.of(
              NumberText.ratio(before.get(i).imbalance()),
              NumberText.ratio(after.get(i).imbalance()),
              Long.toString(before.get(i).idle()),
              Long.toString(after.get(i).idle())));
    }
    return Card.of(
        "Load of the busiest expert",
        "Over the mean load of its layer; with every token spread evenly it would be ×1. " + means,
        chart.render() + table.folded());
  }

  private static LineChart.Series series(String label, String css, List<LayerLoad> layers) {
    return new LineChart.Series(
        label, css, new ArrayList<>(layers.stream().map(LayerLoad::imbalance).toList()), true);
  }

  /** Over the steps, where it was measured on the way. */
  private String course() {
    List<CurveChart.Point> points =
        report.curve().measures().stream()
            .filter(each -> each.imbalance() != null && each.imbalance() > 0)
            .map(each -> new CurveChart.Point(each.step(), each.imbalance()))
            .toList();
    if (points.size() < 3) {
      return "";
    }
    String chart =
        new CurveChart(
                prefix + "imbalance-course",
                "Load imbalance over the steps",
                "Dots and a line, one dot an evaluation. 1 is balanced.",
                (more, value) -> "×" + NumberText.significant(more, value))
            .add(
                new CurveChart.Series(
                    "mean over layers", "series-a", points, CurveChart.Style.DOTS))
            .level("balanced", 1)
            .render();
    return Card.of(
        "Load imbalance over the steps",
        "Load of the busiest expert over the mean load, mean over layers, on held-out text.",
        chart);
  }
}
