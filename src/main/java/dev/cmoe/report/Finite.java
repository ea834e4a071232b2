package dev.cmoe.report;

/** JSON has no NaN and no infinity: a figure is a finite number or absent. */
final class Finite {
  private Finite() {}

  static Double orNull(Double value) {
    return value != null && Double.isFinite(value) ? value : null;
  }

  static double required(double value, String name) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(name + " is " + value);
    }
    return value;
  }
}
