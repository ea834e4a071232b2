package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** How well the router chooses and how evenly it spreads the tokens, layer by layer. */
final class LayerCards {
  private final List<LayerFigures> layers;
  private final List<LayerLoad> routed;
  private final CarveReport report;

  LayerCards(CarveReport report) {
    this.layers = report.layers();
    this.routed =
        layers.stream()
            .filter(layer -> !layer.expertLoad().isEmpty())
            .map(LayerFigures::load)
            .toList();
    this.report = report;
  }

  static List<Integer> indices(List<LayerFigures> layers) {
    return layers.stream().map(LayerFigures::index).toList();
  }

  /** The router's choice next to the oracle's and to chance. */
  String routing() {
    Double captured = KeyFigures.mean(layers, LayerFigures::massCaptured);
    Double chance = KeyFigures.mean(layers, LayerFigures::chanceMass);
    String gain = "";
    if (captured != null && chance != null && chance < 1) {
      double share = (captured - chance) / (1 - chance);
      gain =
          share > 0
              ? " The router closes " + NumberText.percent(share) + " of that gap on average."
              : " On average the router does no better than chance.";
    }
    return choice(
            "mass",
            "Share of the oracle’s mass captured",
            "The oracle takes the experts with the largest output for each token: 100\u202f%."
                + gain,
            LayerFigures::massCaptured,
            LayerFigures::chanceMass)
        + choice(
            "overlap",
            "Overlap with the oracle’s choice",
            "Share of the oracle’s experts that the router chose too.",
            LayerFigures::oracleOverlap,
            LayerFigures::chanceOverlap)
        + imbalance();
  }

  /** Who gets the tokens and the neurons. */
  String experts() {
    return load() + split();
  }

  private String choice(
      String id,
      String title,
      String lead,
      Function<LayerFigures, Double> figure,
      Function<LayerFigures, Double> chance) {
    Double mean = KeyFigures.mean(layers, figure);
    if (mean == null) {
      return "";
    }
    Double meanChance = KeyFigures.mean(layers, chance);
    LineChart chart =
        new LineChart(
                id,
                title + ", layer by layer",
                "Router on average "
                    + NumberText.percent(mean)
                    + ", chance "
                    + NumberText.percent(meanChance)
                    + ".",
                indices(layers),
                NumberText::shortPercent)
            .add(new LineChart.Series("router", "series-a", nullable(figure), true));
    if (meanChance != null) {
      chart.add(new LineChart.Series("chance", "chance", nullable(chance), false)).shadeBetween();
    }
    FigureTable table = new FigureTable(title, List.of("Layer", "Router", "Chance"));
    for (LayerFigures layer : layers) {
      table.row(
          Integer.toString(layer.index()),
          List.of(
              NumberText.percent(figure.apply(layer)), NumberText.percent(chance.apply(layer))));
    }
    return Card.of(title, lead, chart.cover(1).render() + table.folded());
  }

  private List<Double> nullable(Function<LayerFigures, Double> figure) {
    // A layer may lack the figure, and only this list can be asked whether one does.
    return new ArrayList<>(layers.stream().map(figure).toList());
  }

  private String imbalance() {
    if (routed.isEmpty()) {
      return "";
    }
    double worst = routed.stream().mapToDouble(LayerLoad::imbalance).max().orElse(1);
    LineChart chart =
        new LineChart(
                "imbalance",
                "Busiest expert’s load over the mean load, layer by layer",
                "At most " + NumberText.ratio(worst) + "; 1 is balanced.",
                routed.stream().map(LayerLoad::index).toList(),
                (more, value) -> "×" + NumberText.significant(more, value))
            .add(
                new LineChart.Series(
                    "busiest expert",
                    "series-b",
                    routed.stream().map(LayerLoad::imbalance).toList(),
                    true))
            .add(
                new LineChart.Series(
                    "balanced", "chance", routed.stream().map(layer -> 1.0).toList(), false))
            .cover(1);
    FigureTable table =
        new FigureTable(
            "Load of the experts, as shares of tokens",
            List.of("Layer", "Least", "Mean", "Busiest", "Busiest to mean", "Never used"));
    for (LayerLoad layer : routed) {
      var load = layer.shares().stream().mapToDouble(v -> v).summaryStatistics();
      table.row(
          Integer.toString(layer.index()),
          List.of(
              NumberText.percent(load.getMin()),
              NumberText.percent(load.getAverage()),
              NumberText.percent(load.getMax()),
              NumberText.ratio(layer.imbalance()),
              Long.toString(layer.idle())));
    }
    return Card.of(
        "Load of the busiest expert",
        "Over the mean load of its layer; with every token spread evenly it would be ×1. At most "
            + NumberText.ratio(worst)
            + ".",
        chart.render() + table.folded());
  }

  private String load() {
    return routed.isEmpty()
        ? ""
        : LoadCard.of("load", "Tokens routed to each expert", routed, HeatMap.span(routed));
  }

  private String split() {
    if (layers.isEmpty()) {
      return "";
    }
    SplitChart chart = new SplitChart(report);
    String title = report.routes() ? "Shared and routed neurons" : "Neurons that run";
    if (chart.uniform()) {
      LayerFigures layer = layers.get(0);
      String figures = layer.sharedNeurons() + " shared and " + layer.routedNeurons() + " routed.";
      return Card.of(
          title,
          report.routes()
              ? "The same in every layer. One block is an expert; full colour runs for a token."
              : "The same in every layer and for every token.",
          chart.render("split", title, figures) + sizes(layer).table("settings"));
    }
    FigureTable table = new FigureTable(title, List.of("Layer", "shared", report.rest()));
    for (LayerFigures layer : layers) {
      table.row(
          Integer.toString(layer.index()),
          List.of(
              NumberText.count(layer.sharedNeurons()), NumberText.count(layer.routedNeurons())));
    }
    return Card.of(
        title,
        "Shares of each layer’s neurons.",
        chart.render("split", title, "One column a layer.") + table.folded());
  }

  private FigureTable sizes(LayerFigures layer) {
    FigureTable table = new FigureTable("Neurons of one layer", List.of("Kind", "Neurons"));
    long shared = layer.sharedNeurons();
    long routed = layer.routedNeurons();
    table.row("shared, always run", List.of(NumberText.count(shared)));
    Budget budget = report.routes() ? Budget.of(report.experts()) : null;
    if (budget != null && routed > 0) {
      long expert = routed / Math.max(1, budget.routed());
      table.row("in each routed expert", List.of(NumberText.count(expert)));
      table.row("in all routed experts", List.of(NumberText.count(routed)));
      table.row("run for one token", List.of(NumberText.count(shared + expert * budget.active())));
    } else {
      table.row(report.rest(), List.of(NumberText.count(routed)));
    }
    return table.row("in all", List.of(NumberText.count(shared + routed)));
  }
}
