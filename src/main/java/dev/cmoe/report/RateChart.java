package dev.cmoe.report;

import java.util.List;

/**
 * Two histograms back to back: shared neurons upwards, routed neurons downwards, each as shares of
 * its own group. Bins are drawn equally wide, whatever their edges.
 */
final class RateChart {
  private final RateHistogram histogram;
  private final String rest;

  /** Share at the full height of one side, so that charts beside each other compare. */
  private final double peak;

  /** Counts of one layer, or of several together; {@code rest} names the second group. */
  RateChart(RateHistogram histogram, String rest, double peak) {
    this.rest = rest;
    this.histogram = histogram;
    this.peak = peak;
  }

  static double peak(List<RateHistogram> histograms) {
    double peak = 1e-9;
    for (RateHistogram histogram : histograms) {
      for (double share : histogram.sharedShares()) {
        peak = Math.max(peak, share);
      }
      for (double share : histogram.routedShares()) {
        peak = Math.max(peak, share);
      }
    }
    return peak;
  }

  /** A full chart with axes. */
  String large(String id, String title, String description) {
    SvgChart svg = new SvgChart(id, SvgChart.WIDTH, 204, title, description);
    double left = 46;
    double width = SvgChart.WIDTH - left - 8;
    double middle = 90;
    double side = 74;
    for (int sign = -1; sign <= 1; sign++) {
      double y = middle + sign * side;
      svg.line("grid", left, y, left + width, y);
      String text = sign == 0 ? "0" : NumberText.shortPercent(peak);
      svg.text("tick", left - 8, y + 4, "end", text);
    }
    bars(svg, left, width, middle, side, 1.5, true);
    svg.text("series-a", left + 4, 28, "start", "shared");
    svg.text("series-b", left + width - 4, middle + side - 8, "end", rest);
    decades(svg, left, width, middle + side + 18);
    return svg.end();
  }

  /** A small multiple without axes. */
  String small(String id, String title, String description) {
    SvgChart svg = new SvgChart(id, 112, 56, title, description);
    bars(svg, 0, 112, 28, 27, 0.75, false);
    svg.line("base", 0, 28, 112, 28);
    return svg.end();
  }

  private void bars(
      SvgChart svg,
      double left,
      double width,
      double middle,
      double side,
      double gap,
      boolean hints) {
    double[] shared = histogram.sharedShares();
    double[] routed = histogram.routedShares();
    double step = width / shared.length;
    for (int bin = 0; bin < shared.length; bin++) {
      double x = left + bin * step;
      double up = shared[bin] / peak * side;
      double down = routed[bin] / peak * side;
      String range = hints ? range(bin) + ": " : "";
      if (shared[bin] > 0) {
        String hint = hints ? range + NumberText.percent(shared[bin]) + " of shared" : "";
        svg.rect("series-a", x, middle - up, step - gap, up, 0, hint);
      }
      if (routed[bin] > 0) {
        String hint = hints ? range + NumberText.percent(routed[bin]) + " of " + rest : "";
        svg.rect("series-b", x, middle, step - gap, down, 0, hint);
      }
    }
  }

  private void decades(SvgChart svg, double left, double width, double y) {
    List<Double> edges = histogram.edges();
    double step = width / (edges.size() - 1);
    for (int i = 1; i < edges.size(); i++) {
      double log = Math.log10(edges.get(i));
      if (Math.abs(log - Math.rint(log)) < 1e-6) {
        double x = left + i * step;
        boolean last = i == edges.size() - 1;
        String label = NumberText.shortPercent(edges.get(i));
        svg.text("tick", last ? x + 6 : x, y, last ? "end" : "middle", label);
      }
    }
  }

  /** The rates of one bin, as text. */
  String range(int bin) {
    return NumberText.shortPercent(histogram.edges().get(bin))
        + " to "
        + NumberText.shortPercent(histogram.edges().get(bin + 1));
  }
}
