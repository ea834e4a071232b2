package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;

/** A running mean, by which one sees through the noise of single steps. */
final class Trend {
  /** Below this many points a mean has little to smooth. */
  private static final int FROM = 20;

  /** Points on each side, as a part of all. */
  private static final int PART = 40;

  private Trend() {}

  /** Whether there are enough points for a trend. */
  static boolean suits(List<CurveChart.Point> points) {
    return points.size() >= FROM;
  }

  /** The mean of each point and its neighbours, as many on each side; fewer at the ends. */
  static List<CurveChart.Point> of(List<CurveChart.Point> points) {
    double[] sums = new double[points.size() + 1];
    for (int i = 0; i < points.size(); i++) {
      sums[i + 1] = sums[i] + points.get(i).value();
    }
    int reach = Math.max(2, points.size() / PART);
    List<CurveChart.Point> means = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      int around = Math.min(reach, Math.min(i, points.size() - 1 - i));
      double sum = sums[i + around + 1] - sums[i - around];
      means.add(new CurveChart.Point(points.get(i).step(), sum / (2 * around + 1)));
    }
    return means;
  }
}
