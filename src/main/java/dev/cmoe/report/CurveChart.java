package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Figures over the steps of a training. */
final class CurveChart {
  private static final double HEIGHT = 206;
  private static final double LEFT = 46;
  private static final double RIGHT = SvgChart.WIDTH - 8;
  private static final double LEGEND = 24;
  private static final double TOP = 8;
  private static final double BOTTOM = HEIGHT - 34;

  /** Columns that a line is drawn from at most; more would not be seen and make the page large. */
  private static final int COLUMNS = 240;

  /** How a line is drawn. */
  enum Style {
    /** What every step gave, in the background. */
    FAINT(" faint stroke"),
    LINE(" stroke"),
    /** With a dot at each point. */
    DOTS(" stroke");

    private final String css;

    Style(String css) {
      this.css = css;
    }
  }

  record Point(long step, double value) {}

  /**
   * @param label as the legend has it
   * @param css class of the line's colour
   * @param points by step
   */
  record Series(String label, String css, List<Point> points, Style style) {
    Series {
      points = List.copyOf(points);
    }
  }

  private record Level(String label, double value) {}

  private final String id;
  private final String title;
  private final String description;
  private final FigureText text;
  private final List<Series> series = new ArrayList<>();
  private final List<Level> levels = new ArrayList<>();
  private final List<Double> covered = new ArrayList<>();

  CurveChart(String id, String title, String description, FigureText text) {
    this.id = id;
    this.title = title;
    this.description = description;
    this.text = text;
  }

  CurveChart add(Series line) {
    series.add(line);
    return this;
  }

  /** A dashed line across. */
  CurveChart level(String label, double value) {
    levels.add(new Level(label, value));
    covered.add(value);
    return this;
  }

  /** Extends the axis to a value that the data may not reach. */
  CurveChart cover(double value) {
    covered.add(value);
    return this;
  }

  String render() {
    Axis up = up();
    Axis across = across();
    SvgChart svg = new SvgChart(id, SvgChart.WIDTH, HEIGHT, title, description);
    legend(svg);
    List<String> ticks = text.ofAll(up.ticks());
    for (int i = 0; i < ticks.size(); i++) {
      double y = y(up, up.ticks().get(i));
      svg.line("grid", LEFT, y, RIGHT, y);
      svg.text("tick", LEFT - 8, y + 4, "end", ticks.get(i));
    }
    steps(svg, across);
    for (Level level : levels) {
      double y = y(up, level.value());
      svg.line("chance stroke dashed", LEFT, y, RIGHT, y);
    }
    for (Series line : series) {
      draw(svg, across, up, line);
    }
    return svg.end();
  }

  private Axis up() {
    double[] all =
        DoubleStream.concat(
                covered.stream().mapToDouble(value -> value),
                series.stream().flatMap(line -> line.points().stream()).mapToDouble(Point::value))
            .toArray();
    return Axis.linear(
        DoubleStream.of(all).min().orElse(0), DoubleStream.of(all).max().orElse(1), 4);
  }

  private Axis across() {
    long last =
        series.stream()
            .flatMap(line -> line.points().stream())
            .mapToLong(Point::step)
            .max()
            .orElse(1);
    Axis round = Axis.linear(0, Math.max(1, last), 4);
    // The data end at the edge; only ticks that lie within are drawn.
    return new Axis(0, Math.max(1, last), round.ticks(), false);
  }

  private void legend(SvgChart svg) {
    if (!hasLegend()) {
      return;
    }
    double x = LEFT;
    for (Series line : series) {
      svg.line(line.css() + line.style().css, x, 10, x + 18, 10);
      if (line.style() == Style.DOTS) {
        svg.circle(line.css(), x + 9, 10, 3, "");
      }
      x = label(svg, x, line.label());
    }
    for (Level level : levels) {
      svg.line("chance stroke dashed", x, 10, x + 18, 10);
      x = label(svg, x, level.label());
    }
  }

  private static double label(SvgChart svg, double x, String label) {
    svg.text("label", x + 24, 14, "start", label);
    // Text is not measured: about six and a half units a character at this size.
    return x + 24 + label.length() * 6.6 + 18;
  }

  private boolean hasLegend() {
    return series.size() + levels.size() > 1;
  }

  private void steps(SvgChart svg, Axis across) {
    for (double tick : across.ticks()) {
      if (tick <= across.high() && tick == Math.rint(tick)) {
        svg.text("tick", x(across, tick), BOTTOM + 18, "middle", NumberText.count((long) tick));
      }
    }
    svg.text("tick", LEFT - 8, BOTTOM + 18, "end", "step");
  }

  private void draw(SvgChart svg, Axis across, Axis up, Series line) {
    StringBuilder path = new StringBuilder();
    for (Point point : thinned(line.points())) {
      path.append(path.isEmpty() ? 'M' : 'L')
          .append(NumberText.coordinate(x(across, point.step())))
          .append(' ')
          .append(NumberText.coordinate(y(up, point.value())));
    }
    svg.path(line.css() + line.style().css, path);
    if (line.style() == Style.DOTS) {
      for (Point point : line.points()) {
        String hint =
            "after step " + NumberText.count(point.step()) + ": " + text.of(point.value());
        double radius = line.points().size() > 36 ? 1.7 : 3;
        svg.circle(line.css(), x(across, point.step()), y(up, point.value()), radius, hint);
      }
    }
  }

  /** With many points the first, least, most and last of each column, so that no peak is lost. */
  static List<Point> thinned(List<Point> points) {
    if (points.size() <= 4 * COLUMNS) {
      return points;
    }
    List<Point> kept = new ArrayList<>();
    for (int column = 0; column < COLUMNS; column++) {
      int from = (int) ((long) column * points.size() / COLUMNS);
      int to = (int) ((column + 1L) * points.size() / COLUMNS);
      int least = from;
      int most = from;
      for (int i = from; i < to; i++) {
        least = points.get(i).value() < points.get(least).value() ? i : least;
        most = points.get(i).value() > points.get(most).value() ? i : most;
      }
      IntStream.of(from, least, most, to - 1)
          .sorted()
          .distinct()
          .forEach(i -> kept.add(points.get(i)));
    }
    return kept;
  }

  private static double x(Axis across, double step) {
    double inset = 8;
    return LEFT + inset + across.at(step) * (RIGHT - LEFT - 2 * inset);
  }

  private double y(Axis up, double value) {
    return BOTTOM - up.at(value) * (BOTTOM - TOP - (hasLegend() ? LEGEND : 0));
  }
}
