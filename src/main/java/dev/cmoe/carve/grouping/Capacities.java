package dev.cmoe.carve.grouping;

import java.util.Arrays;

/** How many neurons each expert takes: at least one. */
public final class Capacities {
  private Capacities() {}

  /** {@code clusters} times {@code each}. */
  public static int[] even(int clusters, int each) {
    if (clusters < 1 || each < 1) {
      throw new IllegalArgumentException(clusters + " clusters of " + each);
    }
    int[] capacities = new int[clusters];
    Arrays.fill(capacities, each);
    return capacities;
  }

  static int sum(int[] capacities) {
    long sum = 0;
    for (int capacity : capacities) {
      if (capacity < 1) {
        throw new IllegalArgumentException("capacity " + capacity);
      }
      sum += capacity;
    }
    return Math.toIntExact(sum);
  }

  static void requireSum(int[] capacities, int items) {
    if (capacities.length == 0 || sum(capacities) != items) {
      throw new IllegalArgumentException(
          items + " items do not fill capacities " + Arrays.toString(capacities));
    }
  }
}
