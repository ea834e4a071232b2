package dev.cmoe.carve.grouping;

import dev.cmoe.run.CmoeException;

/**
 * A cost table in whole numbers, so that sums are exact and ties are ties on every machine.
 *
 * <p>A cost becomes round((cost - smallest) / unit). The unit is the smallest power of two with
 * which every value stays at or below 2^b, b = min(52, 60 - bits(n)); that leaves room for the sums
 * of primal and dual in a long. Costs on a grid of a power of two (counts, for instance) that span
 * fewer than b bits are therefore held without loss; others are rounded to 2^-b to 2^(1-b) of their
 * span.
 */
final class ScaledCosts {
  final int items;
  final int clusters;

  /** How much one step is worth. */
  final double unit;

  /** [items, clusters], row-major. */
  private final long[] steps;

  private ScaledCosts(int items, int clusters, double unit, long[] steps) {
    this.items = items;
    this.clusters = clusters;
    this.unit = unit;
    this.steps = steps;
  }

  /**
   * @param cost [items, clusters]
   * @throws CmoeException VERIFICATION when a cost, or the span of all costs, is not finite
   */
  static ScaledCosts of(double[][] cost, int clusters) {
    int items = cost.length;
    if ((long) items * clusters > Integer.MAX_VALUE - 8) {
      throw CmoeException.resources(
          "assignment of " + items + " items to " + clusters + " clusters: the table is too large");
    }
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < items; i++) {
      if (cost[i].length != clusters) {
        throw new IllegalArgumentException(
            "cost row " + i + " has " + cost[i].length + " entries, not " + clusters);
      }
      for (int c = 0; c < clusters; c++) {
        if (!Double.isFinite(cost[i][c])) {
          throw CmoeException.verification(
              "cost of item " + i + " in cluster " + c + " is " + cost[i][c]);
        }
        least = Math.min(least, cost[i][c]);
        most = Math.max(most, cost[i][c]);
      }
    }
    double span = most - least;
    if (!Double.isFinite(span)) {
      throw CmoeException.verification("costs from " + least + " to " + most + " span too far");
    }
    int bits = Math.min(52, 60 - (Integer.SIZE - Integer.numberOfLeadingZeros(items)));
    int shift = span == 0 ? 0 : bits - 1 - Math.getExponent(span);
    long[] steps = new long[items * clusters];
    for (int i = 0, at = 0; i < items; i++) {
      for (int c = 0; c < clusters; c++) {
        steps[at++] = (long) Math.rint(Math.scalb(cost[i][c] - least, shift));
      }
    }
    return new ScaledCosts(items, clusters, Math.scalb(1.0, -shift), steps);
  }

  long get(int item, int cluster) {
    return steps[item * clusters + cluster];
  }
}
