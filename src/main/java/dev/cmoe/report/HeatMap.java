package dev.cmoe.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Load of every expert, one row a layer, coloured by its ratio to a balanced load on a logarithmic
 * scale. With many experts the columns are sorted by load: their numbers mean nothing across
 * layers, their distribution does.
 */
final class HeatMap {
  /** Up to this many experts, columns stay in their own order and figures stand in the cells. */
  static final int MOST_NUMBERED = 12;

  private static final int SHADES = 9;
  private static final double LEFT = 34;
  private static final double TOP = 6;
  private static final double[] SPANS = {1.25, 1.5, 2, 4, 8};

  private final List<LayerLoad> layers;
  private final int experts;
  private final double span;

  HeatMap(List<LayerLoad> layers) {
    this(layers, span(layers));
  }

  /**
   * @param span ratio to a balanced load at the ends of the scale, so that maps beside each other
   *     compare
   */
  HeatMap(List<LayerLoad> layers, double span) {
    this.layers = layers;
    this.experts = layers.stream().mapToInt(layer -> layer.shares().size()).max().orElse(0);
    this.span = span;
  }

  /** The span that suits all of these layers. */
  static double span(List<LayerLoad> layers) {
    double widest =
        layers.stream()
            .flatMap(layer -> layer.ratios().stream())
            .mapToDouble(ratio -> ratio > 0 ? Math.max(ratio, 1 / ratio) : 1)
            .max()
            .orElse(1);
    double chosen = SPANS[SPANS.length - 1];
    for (int i = SPANS.length - 1; i >= 0; i--) {
      chosen = SPANS[i] >= widest * 0.95 ? SPANS[i] : chosen;
    }
    return chosen;
  }

  boolean numbered() {
    return experts <= MOST_NUMBERED;
  }

  String render(String id, String title, String description) {
    double width = (SvgChart.WIDTH - LEFT) / experts;
    double height = Math.max(4, Math.min(26, 340.0 / layers.size()));
    double bottom = TOP + height * layers.size();
    SvgChart svg = new SvgChart(id, SvgChart.WIDTH, bottom + 62, title, description);
    if (numbered() && height >= 8) {
      cells(svg, width, height);
    } else {
      runs(svg, width, height);
    }
    int step = Axis.labelStep(layers.size(), (int) Math.max(2, height * layers.size() / 16));
    for (int row = 0; row < layers.size(); row += step) {
      String label = Integer.toString(layers.get(row).index());
      svg.text("tick", LEFT - 8, TOP + height * (row + 0.5) + 4, "end", label);
    }
    columnLabels(svg, width, bottom + 16);
    key(svg, bottom + 34);
    return svg.end();
  }

  private void cells(SvgChart svg, double width, double height) {
    double gap = 2;
    for (int row = 0; row < layers.size(); row++) {
      LayerLoad layer = layers.get(row);
      List<Double> ratios = layer.ratios();
      for (int column = 0; column < ratios.size(); column++) {
        double x = LEFT + column * width;
        double y = TOP + row * height;
        int shade = shade(ratios.get(column));
        String load = NumberText.percent(layer.shares().get(column));
        String hint = "layer " + layer.index() + ", expert " + column + ": " + load + " of tokens";
        svg.rect("h" + shade, x, y, width - gap, height - gap, 2, hint);
        if (height >= 16 && width >= 26) {
          String css = shade == 0 || shade == SHADES - 1 ? "cell strong" : "cell";
          String digits = Long.toString(Math.round(layer.shares().get(column) * 100));
          svg.text(css, x + (width - gap) / 2, y + height / 2 + 3, "middle", digits);
        }
      }
    }
  }

  /** One path for each shade, neighbours of one shade joined: ten thousand cells stay small. */
  private void runs(SvgChart svg, double width, double height) {
    List<StringBuilder> paths = new ArrayList<>();
    for (int shade = 0; shade < SHADES; shade++) {
      paths.add(new StringBuilder());
    }
    for (int row = 0; row < layers.size(); row++) {
      List<Double> ratios = new ArrayList<>(layers.get(row).ratios());
      if (!numbered()) {
        ratios.sort(Collections.reverseOrder());
      }
      for (int from = 0, to; from < ratios.size(); from = to) {
        int shade = shade(ratios.get(from));
        to = from + 1;
        while (to < ratios.size() && shade(ratios.get(to)) == shade) {
          to++;
        }
        String length = NumberText.coordinate((to - from) * width);
        paths
            .get(shade)
            .append('M')
            .append(NumberText.coordinate(LEFT + from * width))
            .append(' ')
            .append(NumberText.coordinate(TOP + row * height))
            .append('h')
            .append(length)
            .append('v')
            .append(NumberText.coordinate(height))
            .append("h-")
            .append(length)
            .append('z');
      }
    }
    for (int shade = 0; shade < SHADES; shade++) {
      if (!paths.get(shade).isEmpty()) {
        svg.path("h" + shade, paths.get(shade));
      }
    }
  }

  private void columnLabels(SvgChart svg, double width, double y) {
    svg.text("tick", LEFT - 8, y, "end", "layer");
    if (numbered()) {
      for (int column = 0; column < experts; column++) {
        svg.text("tick", LEFT + (column + 0.5) * width - 1, y, "middle", Integer.toString(column));
      }
    } else {
      svg.text("tick", LEFT, y, "start", "busiest expert");
      svg.text("tick", SvgChart.WIDTH, y, "end", "least used of " + experts);
    }
  }

  private void key(SvgChart svg, double y) {
    double width = 20;
    double x = LEFT;
    for (int shade = 0; shade < SHADES; shade++) {
      svg.rect("h" + shade, x + shade * width, y, width, 8);
    }
    String factor = NumberText.significant(span);
    svg.text("tick", x, y + 22, "start", "1/" + factor);
    svg.text("tick", x + SHADES * width / 2, y + 22, "middle", "balanced");
    svg.text("tick", x + SHADES * width, y + 22, "end", "×" + factor);
  }

  private int shade(double ratio) {
    if (ratio <= 0) {
      return 0;
    }
    double position = Math.log(ratio) / Math.log(span);
    int shade = (int) Math.round((SHADES - 1) / 2.0 * (1 + position));
    return Math.max(0, Math.min(SHADES - 1, shade));
  }
}
