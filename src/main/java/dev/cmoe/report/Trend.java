package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;

/** What is left of a curve when one looks through the noise of single steps. */
final class Trend {
  /** Below this many points there is little to smooth. */
  private static final int FROM = 20;

  /** Points on each side, as a part of all. */
  private static final int PART = 40;

  private Trend() {}

  /** Whether there are enough points for a trend. */
  static boolean suits(List<CurveChart.Point> points) {
    return points.size() >= FROM;
  }

  /**
   * For each point the value there of the straight line through it and its neighbours by least
   * squares. In the middle that is their mean; at the ends, where neighbours are on one side only,
   * the mean of a falling curve would lie beside it.
   */
  static List<CurveChart.Point> of(List<CurveChart.Point> points) {
    int count = points.size();
    double[] sums = new double[count + 1];
    double[] moments = new double[count + 1];
    for (int i = 0; i < count; i++) {
      sums[i + 1] = sums[i] + points.get(i).value();
      moments[i + 1] = moments[i] + i * points.get(i).value();
    }
    int reach = Math.max(2, count / PART);
    List<CurveChart.Point> line = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int from = Math.max(0, i - reach);
      int to = Math.min(count, i + reach + 1);
      double n = to - from;
      double middle = (from + to - 1) / 2.0;
      double sum = sums[to] - sums[from];
      double spread = n * (n * n - 1) / 12;
      double slope = spread == 0 ? 0 : (moments[to] - moments[from] - middle * sum) / spread;
      line.add(new CurveChart.Point(points.get(i).step(), sum / n + slope * (i - middle)));
    }
    return line;
  }
}
