package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;

/** What the carve did to the model: perplexity, error of each layer, parameters. */
final class QualityCards {
  private final CarveReport report;

  QualityCards(CarveReport report) {
    this.report = report;
  }

  String render() {
    return perplexity() + reconstruction() + parameters();
  }

  /** One row of the comparison. */
  private record Variant(String label, String css, Double value, Double error) {}

  private String perplexity() {
    PerplexityFigures figures = report.perplexity();
    if (figures == null) {
      return "";
    }
    List<Variant> variants = variants(figures);
    if (variants.isEmpty()) {
      return "";
    }
    BarChart chart =
        new BarChart(
                "perplexity",
                "Perplexity of the dense model, the carved one and the controls",
                "Bars, lower is better: " + spoken(variants))
            .logarithmicIfWide(NumberText::significant);
    FigureTable table =
        new FigureTable(
            "Perplexity", List.of("Variant", "Perplexity", "Standard error", "To dense"));
    for (Variant variant : variants) {
      String ratio =
          figures.dense() == null || variant.css().equals("dense")
              ? ""
              : NumberText.ratio(variant.value() / figures.dense());
      String text = NumberText.perplexity(variant.value());
      double error = variant.error() == null ? 0 : variant.error();
      chart.add(
          new BarChart.Bar(variant.label(), variant.css(), variant.value(), text, ratio, error));
      table.row(variant.label(), List.of(text, NumberText.significant(variant.error()), ratio));
    }
    if (figures.dense() != null) {
      chart.reference(figures.dense());
    }
    return Card.of("Perplexity", lead(figures), chart.render() + table.folded());
  }

  private List<Variant> variants(PerplexityFigures p) {
    PerplexityFigures.StandardErrors e =
        p.standardErrors() == null
            ? new PerplexityFigures.StandardErrors(null, null, null, null, null)
            : p.standardErrors();
    List<Variant> all = new ArrayList<>();
    all.add(new Variant("dense", "dense", p.dense(), e.dense()));
    all.add(new Variant("carved, " + report.preset(), "carved", p.carved(), e.carved()));
    all.add(new Variant("no routing, refitted", "control", p.staticFitted(), e.staticFitted()));
    all.add(new Variant("no routing", "control", p.staticControl(), e.staticControl()));
    all.add(new Variant("random groups and router", "control", p.random(), e.random()));
    all.removeIf(variant -> variant.value() == null);
    return all;
  }

  private static String lead(PerplexityFigures figures) {
    StringBuilder lead = new StringBuilder("Lower is better. ");
    if (figures.tokens() > 0) {
      lead.append(NumberText.count(figures.tokens())).append(" tokens");
      lead.append(figures.text() == null ? "" : " of " + figures.text());
      lead.append(figures.window() == null ? "" : ", windows of " + figures.window());
      lead.append(". ");
    }
    if (figures.klDivergence() != null) {
      lead.append("Divergence from dense ");
      lead.append(NumberText.significant(figures.klDivergence())).append(" nats per token. ");
    }
    if (figures.top1Agreement() != null) {
      lead.append("Same first choice as dense on ");
      lead.append(NumberText.percent(figures.top1Agreement())).append(" of tokens. ");
    }
    return lead.toString().strip();
  }

  private static String spoken(List<Variant> variants) {
    List<String> parts = new ArrayList<>();
    for (Variant variant : variants) {
      parts.add(variant.label() + " " + NumberText.perplexity(variant.value()));
    }
    return String.join("; ", parts) + ".";
  }

  private String reconstruction() {
    List<LayerFigures> layers = report.layers();
    Double mean = KeyFigures.mean(layers, LayerFigures::reconstructionError);
    if (mean == null) {
      return "";
    }
    String chart =
        new LineChart(
                "error",
                "Reconstruction error, layer by layer",
                "Dots and a line. Mean over the layers " + NumberText.percent(mean) + ".",
                LayerCards.indices(layers),
                NumberText::shortPercent)
            .add(
                new LineChart.Series(
                    "error",
                    "series-a",
                    layers.stream().map(LayerFigures::reconstructionError).toList(),
                    true))
            .cover(0)
            .render();
    FigureTable table =
        new FigureTable(
            "Reconstruction error",
            List.of("Layer", "Error", "Ridge strength", "All experts on: largest difference"));
    for (LayerFigures layer : layers) {
      table.row(
          Integer.toString(layer.index()),
          List.of(
              NumberText.percent(layer.reconstructionError()),
              NumberText.significant(layer.ridgeStrength()),
              NumberText.significant(layer.maxAbsDifference())));
    }
    return Card.of(
        "Reconstruction error",
        "Squared error of each FFN’s output on calibration tokens, as a share of its squared"
            + " norm. Mean "
            + NumberText.percent(mean)
            + ".",
        chart + table.folded());
  }

  private String parameters() {
    ParameterCounts counts = report.parameters();
    BarChart chart =
        new BarChart(
            "parameters",
            "Numbers of parameters",
            "Bars: dense, carved in total, stored, active for one token.");
    FigureTable table = new FigureTable("Parameters", List.of("Kind", "Parameters", "To dense"));
    parameter(chart, table, "dense model", "dense", counts.dense());
    parameter(chart, table, "carved, in total", "control", counts.total());
    if (counts.stored() != null) {
      parameter(chart, table, "carved, stored in files", "control", counts.stored());
    }
    parameter(chart, table, "carved, active for a token", "carved", counts.active());
    return Card.of(
        "Parameters",
        "Embeddings and attention count in full, so the active share of the model is larger than"
            + " that of its FFN.",
        chart.render() + table.folded());
  }

  private void parameter(BarChart chart, FigureTable table, String label, String css, long value) {
    double dense = Math.max(1, report.parameters().dense());
    String share = NumberText.percent(value / dense);
    chart.add(new BarChart.Bar(label, css, value, NumberText.magnitude(value), share, 0));
    table.row(label, List.of(NumberText.count(value), share));
  }
}
