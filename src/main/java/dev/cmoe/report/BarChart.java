package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;

/** Horizontal bars, each under its own label, so that long labels need no margin. */
final class BarChart {
  private static final double ROW = 36;
  private static final double THICKNESS = 9;
  private static final double NOTE_WIDTH = 58;

  /** Left of here the scale says what it is. */
  private static final double SCALE_WIDTH = 66;

  /** From this ratio of largest to smallest on, a linear bar would be too short to read. */
  private static final double LOG_FROM = 8;

  /**
   * @param css class of the bar's colour
   * @param text the value as written
   * @param note written after the value, in a column of its own; may be empty
   * @param error half the length of the whisker, in units of the value; 0 for none
   */
  record Bar(String label, String css, double value, String text, String note, double error) {}

  private final String id;
  private final String title;
  private final String description;
  private final List<Bar> bars = new ArrayList<>();
  private Double reference;
  private FigureText logTicks;

  BarChart(String id, String title, String description) {
    this.id = id;
    this.title = title;
    this.description = description;
  }

  BarChart add(Bar bar) {
    bars.add(bar);
    return this;
  }

  /** Draws a hairline through all bars at this value. */
  BarChart reference(double value) {
    reference = value;
    return this;
  }

  /** Allows a logarithmic scale where the values span too much; its ticks are written so. */
  BarChart logarithmicIfWide(FigureText tickText) {
    logTicks = tickText;
    return this;
  }

  String render() {
    double max = bars.stream().mapToDouble(Bar::value).max().orElse(1);
    double min = bars.stream().mapToDouble(Bar::value).min().orElse(0);
    boolean log = logTicks != null && min > 0 && max / min > LOG_FROM;
    Axis axis =
        log ? Axis.logarithmic(min, max) : new Axis(0, Math.max(max, 1e-12), List.of(), false);
    boolean notes = bars.stream().anyMatch(bar -> !bar.note().isEmpty());
    double valueEnd = SvgChart.WIDTH - (notes ? NOTE_WIDTH : 0);
    double bottom = bars.size() * ROW - 6;
    SvgChart svg = new SvgChart(id, SvgChart.WIDTH, bottom + (log ? 24 : 2), title, description);
    for (double tick : axis.ticks()) {
      double x = axis.at(tick) * SvgChart.WIDTH;
      svg.line("grid", x, 18, x, bottom + 4);
      if (x > SCALE_WIDTH) {
        svg.text(
            "tick", Math.min(x, SvgChart.WIDTH - 14), bottom + 18, "middle", logTicks.of(tick));
      }
    }
    double y = 0;
    for (Bar bar : bars) {
      double length = Math.max(1, axis.at(bar.value()) * SvgChart.WIDTH);
      svg.text("label", 0, y + 13, "start", bar.label());
      svg.text("value", valueEnd, y + 13, "end", bar.text());
      svg.text("note", SvgChart.WIDTH, y + 13, "end", bar.note());
      svg.rect("track", 0, y + 19, SvgChart.WIDTH, THICKNESS, 2, "");
      svg.rect(bar.css(), 0, y + 19, length, THICKNESS, 2, bar.label() + ": " + bar.text());
      if (bar.error() > 0) {
        double from = axis.at(bar.value() - bar.error()) * SvgChart.WIDTH;
        double to = axis.at(bar.value() + bar.error()) * SvgChart.WIDTH;
        svg.line("whisker", from, y + 19 + THICKNESS / 2, to, y + 19 + THICKNESS / 2);
      }
      y += ROW;
    }
    if (reference != null) {
      double x = axis.at(reference) * SvgChart.WIDTH;
      for (int i = 0; i < bars.size(); i++) {
        svg.line("reference", x, i * ROW + 17.5, x, i * ROW + 19 + THICKNESS + 3);
      }
    }
    if (log) {
      svg.text("tick", 0, bottom + 18, "start", "log scale");
    }
    return svg.end();
  }
}
