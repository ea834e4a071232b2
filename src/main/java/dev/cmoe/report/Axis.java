package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A value axis with round ticks.
 *
 * @param low value at position 0
 * @param high value at position 1
 * @param ticks ascending, within the ends
 * @param logarithmic equal ratios take equal lengths
 */
record Axis(double low, double high, List<Double> ticks, boolean logarithmic) {

  /** Covers the values with round ends, some {@code target} steps apart. */
  static Axis linear(double min, double max, int target) {
    double span = max > min ? max - min : Math.max(Math.abs(max), 1e-9);
    double step = roundStep(span / target);
    long first = (long) Math.floor(min / step + 1e-9);
    long last = Math.max(first + 1, (long) Math.ceil(max / step - 1e-9));
    List<Double> ticks = new ArrayList<>();
    for (long i = first; i <= last; i++) {
      ticks.add(i * step);
    }
    return new Axis(first * step, last * step, List.copyOf(ticks), false);
  }

  /** Covers positive values; ticks at 1, 2 and 5 times powers of ten, thinned to powers of ten. */
  static Axis logarithmic(double min, double max) {
    double low = min * 0.8;
    double high = max * 1.1;
    List<Double> ticks = new ArrayList<>();
    boolean wide = Math.log10(high / low) > 2.3;
    for (int e = (int) Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
      for (int m : wide ? new int[] {1} : new int[] {1, 2, 5}) {
        double tick = m * Math.pow(10, e);
        if (tick >= low && tick <= high) {
          ticks.add(tick);
        }
      }
    }
    return new Axis(low, high, List.copyOf(ticks), true);
  }

  /** Position of a value in [0, 1]; values outside the ends are held at them. */
  double at(double value) {
    double position =
        logarithmic
            ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
            : (value - low) / (high - low);
    return Math.max(0, Math.min(1, position));
  }

  /** The round step at which at most {@code most} of {@code count} layers are labelled. */
  static int labelStep(int count, int most) {
    int step = (int) Math.round(roundStep((double) count / most));
    return Math.max(1, step);
  }

  private static double roundStep(double raw) {
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  }
}
