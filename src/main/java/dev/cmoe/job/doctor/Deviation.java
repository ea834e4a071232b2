package dev.cmoe.job.doctor;

import dev.cmoe.engine.ComputeType;

/**
 * How far results lie from what they must be.
 *
 * @param of the largest difference, as a part of the largest magnitude that was expected; infinite
 *     where a result is not a number or the shapes differ
 */
record Deviation(ComputeType type, double of) {
  /** The same bounds as of the check that every carve makes (docs/how-it-works.md). */
  private static double allowed(ComputeType type) {
    return switch (type) {
      case FLOAT32 -> 1e-4;
      case BFLOAT16 -> 5e-2;
    };
  }

  static Deviation between(ComputeType type, double[][] expected, double[][] actual) {
    double largest = 0;
    double apart = expected.length == actual.length ? 0 : Double.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(expected.length, actual.length); i++) {
      if (expected[i].length != actual[i].length) {
        return new Deviation(type, Double.POSITIVE_INFINITY);
      }
      for (int j = 0; j < expected[i].length; j++) {
        double here = Math.abs(expected[i][j] - actual[i][j]);
        apart = Math.max(apart, Double.isNaN(here) ? Double.POSITIVE_INFINITY : here);
        largest = Math.max(largest, Math.abs(expected[i][j]));
      }
    }
    return new Deviation(type, apart / largest);
  }

  /** The worse of two of the same type. */
  Deviation worse(Deviation other) {
    return of >= other.of ? this : other;
  }

  boolean isRounding() {
    return of <= allowed(type);
  }

  double allowed() {
    return allowed(type);
  }
}
