package dev.cmoe.report;

import static dev.cmoe.report.Markup.element;

import java.util.ArrayList;
import java.util.List;

/** How often shared and routed neurons matter: all layers together, then each by itself. */
final class RateCards {
  private static final int CONDENSED_FROM = 13;

  private final List<LayerFigures> layers;
  private final String rest;

  RateCards(CarveReport report) {
    this.rest = report.rest();
    this.layers =
        report.layers().stream().filter(layer -> layer.activationRates() != null).toList();
  }

  /** All layers in one chart; empty where there is nothing to add up. */
  String together() {
    RateHistogram sum = RateHistogram.sum(histograms());
    if (sum == null) {
      return "";
    }
    RateChart chart = new RateChart(sum, rest, RateChart.peak(List.of(sum)));
    String title = "How often neurons matter";
    FigureTable table = new FigureTable(title, List.of("Share of tokens", "shared", rest));
    for (int bin = 0; bin < sum.shared().size(); bin++) {
      table.row(
          chart.range(bin),
          List.of(
              NumberText.count(sum.shared().get(bin)), NumberText.count(sum.routed().get(bin))));
    }
    String description =
        "Two histograms, shared neurons upwards and the others downwards, over the share of"
            + " tokens for which a neuron is among the largest contributions.";
    return Card.of(
        title,
        "Share of tokens for which a neuron is among the largest contributions, on a log scale,"
            + " all layers together. Heights are shares of each group.",
        chart.large("rates", title, description) + table.folded());
  }

  /** One small chart a layer, all to one scale. */
  String apart() {
    if (layers.size() < 2) {
      return "";
    }
    double peak = RateChart.peak(histograms());
    StringBuilder multiples = new StringBuilder();
    for (LayerFigures layer : layers) {
      String name = "layer " + layer.index();
      String svg =
          new RateChart(layer.activationRates(), rest, peak)
              .small(
                  "rates-" + layer.index(),
                  "Activation rates of " + name,
                  "Shared neurons upwards, the others downwards.");
      multiples.append(element("figure", "", svg + element("figcaption", "", name))).append('\n');
    }
    String css = layers.size() < CONDENSED_FROM ? "multiples" : "multiples condensed";
    return Card.wide(
        "How often neurons matter, layer by layer",
        "As above, to one scale: rarely on the left, for every token on the right. Shared neurons"
            + " upwards, the others downwards.",
        element("div", css, multiples.toString()) + table().folded());
  }

  private FigureTable table() {
    RateHistogram first = layers.get(0).activationRates();
    List<String> headings = new ArrayList<>(List.of("Layer and group"));
    for (int bin = 0; bin < first.shared().size(); bin++) {
      headings.add("from " + NumberText.shortPercent(first.edges().get(bin)));
    }
    FigureTable table = new FigureTable("Neurons by activation rate", headings);
    for (LayerFigures layer : layers) {
      RateHistogram rates = layer.activationRates();
      table.row(layer.index() + " shared", rates.shared().stream().map(NumberText::count).toList());
      table.row(
          layer.index() + " " + rest, rates.routed().stream().map(NumberText::count).toList());
    }
    return table;
  }

  private List<RateHistogram> histograms() {
    return layers.stream().map(LayerFigures::activationRates).toList();
  }
}
