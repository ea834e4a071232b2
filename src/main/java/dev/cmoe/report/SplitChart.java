package dev.cmoe.report;

import java.util.List;

/**
 * How the neurons of a layer are divided into shared and routed ones: one bar where all layers
 * agree, else one column a layer.
 */
final class SplitChart {
  private final List<LayerFigures> layers;
  private final Budget budget;
  private final String rest;

  SplitChart(CarveReport report) {
    this.layers = report.layers();
    this.budget = report.routes() ? Budget.of(report.experts()) : null;
    this.rest = report.rest();
  }

  boolean uniform() {
    LayerFigures first = layers.get(0);
    return layers.stream()
        .allMatch(
            layer ->
                layer.sharedNeurons() == first.sharedNeurons()
                    && layer.routedNeurons() == first.routedNeurons());
  }

  String render(String id, String title, String description) {
    return uniform() ? bar(id, title, description) : columns(id, title, description);
  }

  /** One block an expert while they can be told apart; the share that runs for a token is full. */
  private String bar(String id, String title, String description) {
    LayerFigures layer = layers.get(0);
    SvgChart svg = new SvgChart(id, SvgChart.WIDTH, 76, title, description);
    double all = Math.max(1, layer.sharedNeurons() + layer.routedNeurons());
    double cut = SvgChart.WIDTH * layer.sharedNeurons() / all;
    double after = SvgChart.WIDTH - cut;
    if (budget == null) {
      blocks(svg, "series-a", 0, cut, 1);
      blocks(svg, "series-b pale", cut, after, 1);
    } else {
      double ran = after * budget.active() / Math.max(1, budget.routed());
      blocks(svg, "series-a", 0, cut, budget.shared());
      blocks(svg, "series-b", cut, ran, budget.active());
      blocks(svg, "series-b pale", cut + ran, after - ran, budget.routed() - budget.active());
    }
    svg.text("label", 0, 14, "start", "shared, always run");
    if (layer.routedNeurons() > 0) {
      svg.text("label", SvgChart.WIDTH, 14, "end", rest);
    }
    svg.text("note", 0, 70, "start", NumberText.count(layer.sharedNeurons()) + " neurons");
    if (budget != null && layer.routedNeurons() > 0) {
      String chosen = budget.active() + " of " + budget.routed() + " for each token, ";
      String text = chosen + NumberText.count(layer.routedNeurons()) + " neurons";
      svg.text("note", SvgChart.WIDTH, 70, "end", text);
    }
    return svg.end();
  }

  private static void blocks(SvgChart svg, String css, double x, double width, int count) {
    if (count <= 0 || width <= 0) {
      return;
    }
    double step = width / count;
    boolean apart = step > 4;
    for (int i = 0; i < (apart ? count : 1); i++) {
      svg.rect(css, x + i * step, 24, apart ? step - 1.5 : width, 28, apart ? 1.5 : 0, "");
    }
  }

  private String columns(String id, String title, String description) {
    SvgChart svg = new SvgChart(id, SvgChart.WIDTH, 190, title, description);
    double left = 46;
    double width = (SvgChart.WIDTH - left - 8) / layers.size();
    double gap = Math.min(3, width * 0.2);
    svg.text("series-a", left, 14, "start", "shared");
    svg.text("series-b", left + 56, 14, "start", rest);
    for (int i = 0; i <= 2; i++) {
      double y = 158 - i * 66;
      svg.line("grid", left, y, SvgChart.WIDTH - 8, y);
      svg.text("tick", left - 8, y + 4, "end", NumberText.shortPercent(i / 2.0));
    }
    int step = Axis.labelStep(layers.size(), 9);
    for (int i = 0; i < layers.size(); i++) {
      LayerFigures layer = layers.get(i);
      double all = Math.max(1, layer.sharedNeurons() + layer.routedNeurons());
      double height = 132 * layer.sharedNeurons() / all;
      double x = left + i * width;
      String name = "layer " + layer.index() + ": ";
      String split = layer.sharedNeurons() + " shared, " + layer.routedNeurons() + " " + rest;
      svg.rect("series-a", x, 158 - height, width - gap, height, 0, name + split);
      svg.rect("series-b", x, 26, width - gap, 132 - height, 0, name + split);
      if (i % step == 0) {
        svg.text("tick", x + (width - gap) / 2, 176, "middle", Integer.toString(layer.index()));
      }
    }
    svg.text("tick", left - 8, 176, "end", "layer");
    return svg.end();
  }
}
