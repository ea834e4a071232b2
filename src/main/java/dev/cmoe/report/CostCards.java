package dev.cmoe.report;

import java.util.List;
import java.util.Objects;

/** Where time and memory went. */
final class CostCards {
  private final RunCost cost;
  private final List<LayerFigures> layers;
  private final String prefix;

  /**
   * @param layers what was carved; empty where the run did not go layer by layer
   * @param prefix of the charts' names, which are unique in a page
   */
  CostCards(RunCost cost, List<LayerFigures> layers, String prefix) {
    this.cost = cost;
    this.layers = layers;
    this.prefix = prefix;
  }

  String render() {
    return cost == null ? "" : time() + memory() + layers();
  }

  private String time() {
    if (cost.stages().isEmpty()) {
      return "";
    }
    BarChart chart =
        new BarChart(
            prefix + "time", "Wall time of each stage", "Bars, in the order the stages ran.");
    FigureTable table = new FigureTable("Wall time", List.of("Stage", "Seconds", "Share"));
    for (StageCost stage : cost.stages()) {
      String share = NumberText.percent(stage.seconds() / Math.max(1e-9, cost.totalSeconds()));
      String text = NumberText.seconds(stage.seconds());
      chart.add(new BarChart.Bar(stage.name(), "series-a", stage.seconds(), text, share, 0));
      table.row(stage.name(), List.of(NumberText.significant(stage.seconds()), share));
    }
    String lead = "Wall time, " + NumberText.seconds(cost.totalSeconds()) + " in all.";
    return Card.of("Time of each stage", lead, chart.render() + table.folded());
  }

  private String memory() {
    if (cost.stages().stream().allMatch(stage -> stage.peakAnonymousBytes() == null)) {
      return "";
    }
    BarChart chart =
        new BarChart(
            prefix + "memory",
            "Peak anonymous memory of each stage",
            "Bars, in the order the stages ran.");
    FigureTable table =
        new FigureTable("Peak resident memory", List.of("Stage", "Anonymous", "With mapped files"));
    for (StageCost stage : cost.stages()) {
      String text = NumberText.bytes(stage.peakAnonymousBytes());
      String all = NumberText.bytes(stage.peakRssBytes());
      if (stage.peakAnonymousBytes() != null) {
        double value = stage.peakAnonymousBytes();
        chart.add(new BarChart.Bar(stage.name(), "series-a", value, text, "", 0));
      }
      table.row(stage.name(), List.of(text, all));
    }
    String lead = "Anonymous resident memory, the part the system cannot drop.";
    if (cost.peakRssBytes() != null) {
      lead +=
          " With mapped checkpoint pages the peak is "
              + NumberText.bytes(cost.peakRssBytes())
              + ".";
    }
    return Card.of("Peak memory of each stage", lead, chart.render() + table.folded());
  }

  private String layers() {
    if (layers.size() < 2 || layers.stream().map(LayerFigures::seconds).anyMatch(Objects::isNull)) {
      return "";
    }
    FigureTable table = new FigureTable("Wall time of each layer", List.of("Layer", "Seconds"));
    for (LayerFigures layer : layers) {
      table.row(Integer.toString(layer.index()), List.of(NumberText.significant(layer.seconds())));
    }
    String chart =
        new LineChart(
                prefix + "layer-time",
                "Wall time of each layer",
                "Dots and a line.",
                LayerCards.indices(layers),
                (more, value) -> NumberText.significant(more, value) + "\u202fs")
            .add(
                new LineChart.Series(
                    "time", "series-a", layers.stream().map(LayerFigures::seconds).toList(), true))
            .cover(0)
            .render();
    return Card.of("Time of each layer", "Wall time of carving it.", chart + table.folded());
  }
}
