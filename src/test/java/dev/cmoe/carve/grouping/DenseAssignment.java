package dev.cmoe.carve.grouping;

import java.util.Arrays;

/**
 * Reference solver: every cluster is repeated once per place and the square problem is solved by
 * the O(n^3) shortest-augmenting-path form of the Hungarian method. Shares nothing with the solver
 * under test.
 */
final class DenseAssignment {
  private DenseAssignment() {}

  /** The least sum of costs. */
  static double leastCost(double[][] cost, int[] capacities) {
    int n = cost.length;
    int[] clusterOfColumn = new int[n + 1];
    int column = 1;
    for (int c = 0; c < capacities.length; c++) {
      for (int p = 0; p < capacities[c]; p++) {
        clusterOfColumn[column++] = c;
      }
    }
    double[] rowPrice = new double[n + 1];
    double[] columnPrice = new double[n + 1];
    int[] rowOf = new int[n + 1];
    for (int row = 1; row <= n; row++) {
      double[] slack = new double[n + 1];
      int[] previous = new int[n + 1];
      boolean[] used = new boolean[n + 1];
      Arrays.fill(slack, Double.POSITIVE_INFINITY);
      rowOf[0] = row;
      int at = 0;
      do {
        used[at] = true;
        int next = 0;
        for (int j = 1; j <= n; j++) {
          if (!used[j]) {
            double reduced =
                cost[rowOf[at] - 1][clusterOfColumn[j]] - rowPrice[rowOf[at]] - columnPrice[j];
            if (reduced < slack[j]) {
              slack[j] = reduced;
              previous[j] = at;
            }
            if (next == 0 || slack[j] < slack[next]) {
              next = j;
            }
          }
        }
        double step = slack[next];
        for (int j = 0; j <= n; j++) {
          if (used[j]) {
            rowPrice[rowOf[j]] += step;
            columnPrice[j] -= step;
          } else {
            slack[j] -= step;
          }
        }
        at = next;
      } while (rowOf[at] != 0);
      while (at != 0) {
        rowOf[at] = rowOf[previous[at]];
        at = previous[at];
      }
    }
    double sum = 0;
    for (int j = 1; j <= n; j++) {
      sum += cost[rowOf[j] - 1][clusterOfColumn[j]];
    }
    return sum;
  }
}
