package dev.cmoe.carve.grouping;

import dev.cmoe.run.CmoeException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * k-means with clusters of given sizes, on rows taken at unit length: neurons that contribute at
 * the same tokens come together, however much they contribute. k-means++ start (Arthur and
 * Vassilvitskii, 2007), then the exact {@link BalancedAssignment} and the mean of the members in
 * turn, until the assignment repeats.
 *
 * <p>Rows of zeros have no direction: they stay zero and are no seeds. Places that the rows do not
 * fill are padding, and count as such rows.
 *
 * <p>Beside the rows it holds one matrix [k, q], a block of 64 MiB where the rows are no direct
 * buffer, and the cost table. It reads the rows k + 1 times, and twice per iteration. The same
 * rows, capacities and seed give the same clusters on one machine.
 */
public final class BalancedKMeans {
  /** Below this length a row counts as zero: its inverse is no float. */
  private static final double SHORTEST = Float.MIN_NORMAL;

  private final int[] capacities;
  private final long seed;
  private final int maxIterations;

  /**
   * @param capacities size of each cluster, at least one; together at least as many as rows
   * @param seed of the k-means++ start
   * @param maxIterations how many assignments are solved at most
   */
  public BalancedKMeans(int[] capacities, long seed, int maxIterations) {
    if (capacities.length == 0 || maxIterations < 1) {
      throw new IllegalArgumentException(
          capacities.length + " clusters, " + maxIterations + " iterations");
    }
    this.capacities = capacities.clone();
    this.seed = seed;
    this.maxIterations = maxIterations;
  }

  /**
   * Clusters {@code rows} [n, q].
   *
   * @throws IllegalArgumentException when there are more rows than places, or fewer than clusters
   * @throws CmoeException VERIFICATION when a row is not finite
   */
  public Clustering cluster(FloatRows rows) {
    int n = rows.rows();
    int places = Capacities.sum(capacities);
    if (n > places || n < capacities.length) {
      throw new IllegalArgumentException(
          n + " rows for " + capacities.length + " clusters of " + places + " places");
    }
    Scaled scaled = new Scaled(rows, inverseLengths(rows));
    FloatBuffer centroids = scaled.gather(seeds(scaled));
    int[] clusterOf = null;
    for (int iteration = 1; ; iteration++) {
      double[][] cost = scaled.squaredDistances(centroids, capacities.length, places);
      int[] next = BalancedAssignment.solve(cost, capacities).clusterOf();
      boolean settled = Arrays.equals(next, clusterOf);
      clusterOf = next;
      if (settled || iteration == maxIterations) {
        double inertia = 0;
        for (int i = 0; i < n; i++) {
          inertia += cost[i][clusterOf[i]];
        }
        return new Clustering(clusterOf, iteration, settled, inertia);
      }
      scaled.means(clusterOf, capacities, centroids);
    }
  }

  /** k-means++: each next seed is drawn by its squared distance from the nearest seed so far. */
  private int[] seeds(Scaled scaled) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] seeds = new int[capacities.length];
    boolean[] taken = new boolean[scaled.inverse.length];
    double[] weight = new double[scaled.inverse.length];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = scaled.inverse[i] > 0 ? 1 : 0;
    }
    for (int s = 0; s < seeds.length; s++) {
      if (s > 0) {
        double[][] distance =
            scaled.squaredDistances(scaled.gather(seeds[s - 1]), 1, weight.length);
        for (int i = 0; i < weight.length; i++) {
          weight[i] = taken[i] ? 0 : Math.min(weight[i], Math.max(0, distance[i][0]));
        }
      }
      seeds[s] = draw(weight, taken, random);
      taken[seeds[s]] = true;
    }
    return seeds;
  }

  /** An index by weight; where no weight is left, the lowest that is not taken. */
  private static int draw(double[] weight, boolean[] taken, SplittableRandom random) {
    double target = random.nextDouble() * Arrays.stream(weight).sum();
    int last = -1;
    for (int i = 0; i < weight.length; i++) {
      if (weight[i] > 0) {
        last = i;
        target -= weight[i];
        if (target < 0) {
          return i;
        }
      }
    }
    for (int i = 0; last < 0; i++) {
      if (!taken[i]) {
        last = i;
      }
    }
    return last;
  }

  private static float[] inverseLengths(FloatRows rows) {
    int q = rows.columns();
    float[] inverse = new float[rows.rows()];
    int blockRows = rows.blockRows();
    for (int first = 0; first < inverse.length; first += blockRows) {
      int count = Math.min(blockRows, inverse.length - first);
      FloatBuffer block = rows.block(first, count);
      for (int i = 0; i < count; i++) {
        double length = Math.sqrt(squaredLength(block, i * q, q));
        if (!Double.isFinite(length)) {
          throw CmoeException.verification(
              "the contributions of neuron row " + (first + i) + " are not finite");
        }
        inverse[first + i] = length < SHORTEST ? 0 : (float) (1 / length);
      }
    }
    return inverse;
  }

  private static double squaredLength(FloatBuffer values, int from, int count) {
    // Four sums, so that one addition need not wait for the other.
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int at = from;
    for (int end = from + count - 3; at < end; at += 4) {
      double v = values.get(at);
      double w = values.get(at + 1);
      double x = values.get(at + 2);
      double y = values.get(at + 3);
      a += v * v;
      b += w * w;
      c += x * x;
      d += y * y;
    }
    for (; at < from + count; at++) {
      double v = values.get(at);
      a += v * v;
    }
    return (a + b) + (c + d);
  }

  /** The rows at unit length, without a copy: row i times inverse[i], or zeros where that is 0. */
  private static final class Scaled {
    private final FloatRows rows;
    private final float[] inverse;
    private final int q;

    Scaled(FloatRows rows, float[] inverse) {
      this.rows = rows;
      this.inverse = inverse;
      this.q = rows.columns();
    }

    /** [ids, q] */
    FloatBuffer gather(int... ids) {
      FloatBuffer out = Nd4jGemm.allocate((long) ids.length * q);
      for (int j = 0; j < ids.length; j++) {
        FloatBuffer row = rows.block(ids[j], 1);
        for (int t = 0; t < q; t++) {
          out.put(j * q + t, row.get(t) * inverse[ids[j]]);
        }
      }
      return out;
    }

    /** |x - c|^2 as [places, k]; places beyond the rows are zeros. */
    double[][] squaredDistances(FloatBuffer centroids, int k, int places) {
      double[] length = new double[k];
      Arrays.setAll(length, c -> squaredLength(centroids, c * q, q));
      double[][] distance = new double[places][];
      int blockRows = rows.blockRows();
      FloatBuffer products = Nd4jGemm.allocate((long) blockRows * k);
      for (int first = 0; first < inverse.length; first += blockRows) {
        int count = Math.min(blockRows, inverse.length - first);
        FloatBuffer block = rows.block(first, count);
        Nd4jGemm.timesTransposed(block, centroids, products.slice(0, count * k), count, q, k);
        for (int i = 0; i < count; i++) {
          double scale = inverse[first + i];
          double own = scale > 0 ? 1 : 0;
          double[] row = new double[k];
          for (int c = 0; c < k; c++) {
            row[c] = own + length[c] - (scale > 0 ? 2 * scale * products.get(i * k + c) : 0);
          }
          distance[first + i] = row;
        }
      }
      for (int i = inverse.length; i < places; i++) {
        distance[i] = length.clone();
      }
      return distance;
    }

    /** Replaces {@code centroids} [k, q] by the means of the members. */
    void means(int[] clusterOf, int[] sizes, FloatBuffer centroids) {
      int k = sizes.length;
      for (int at = 0; at < k * q; at++) {
        centroids.put(at, 0);
      }
      int blockRows = rows.blockRows();
      FloatBuffer weights = Nd4jGemm.allocate((long) blockRows * k);
      for (int first = 0; first < inverse.length; first += blockRows) {
        int count = Math.min(blockRows, inverse.length - first);
        for (int i = 0; i < count; i++) {
          for (int c = 0; c < k; c++) {
            weights.put(i * k + c, c == clusterOf[first + i] ? inverse[first + i] : 0);
          }
        }
        Nd4jGemm.addTransposedTimes(
            weights.slice(0, count * k), rows.block(first, count), centroids, count, q, k);
      }
      for (int c = 0; c < k; c++) {
        for (int t = 0; t < q; t++) {
          centroids.put(c * q + t, centroids.get(c * q + t) / sizes[c]);
        }
      }
    }
  }
}
