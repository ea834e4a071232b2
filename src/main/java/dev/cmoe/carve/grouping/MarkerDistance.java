package dev.cmoe.carve.grouping;

import java.nio.FloatBuffer;
import java.util.BitSet;

/**
 * How the L1 distances between marker columns are computed. Both ways give the same whole numbers;
 * {@link #BITS} needs no matrix and is the faster by far on markers as sparse as CMoE's.
 */
public enum MarkerDistance {
  /** |x - s| = n_x + n_s - 2 |x and s|, walking the tokens of x through the bits of s. */
  BITS {
    @Override
    double[][] table(Markers markers, int[] neurons, int[] seeds) {
      double[][] distance = new double[neurons.length][seeds.length];
      for (int j = 0; j < seeds.length; j++) {
        BitSet seed = markers.column(seeds[j]);
        for (int i = 0; i < neurons.length; i++) {
          int both = markers.overlap(neurons[i], seed);
          distance[i][j] = markers.count(neurons[i]) + markers.count(seeds[j]) - 2 * both;
        }
      }
      return distance;
    }
  },

  /**
   * |x - s| = n_s + x (1 - 2 s) as a matrix product on ND4J, in blocks of neurons. Exact below 2^24
   * tokens, where float32 still holds every whole number.
   */
  GEMM {
    @Override
    double[][] table(Markers markers, int[] neurons, int[] seeds) {
      int q = markers.tokens();
      int k = seeds.length;
      FloatBuffer signs = Nd4jGemm.allocate((long) k * q);
      for (int j = 0; j < k; j++) {
        BitSet seed = markers.column(seeds[j]);
        for (int t = 0; t < q; t++) {
          signs.put(j * q + t, seed.get(t) ? -1 : 1);
        }
      }
      double[][] distance = new double[neurons.length][k];
      int blockRows = (int) Math.max(1, Math.min(neurons.length, BLOCK_FLOATS / q));
      FloatBuffer columns = Nd4jGemm.allocate((long) blockRows * q);
      FloatBuffer products = Nd4jGemm.allocate((long) blockRows * k);
      for (int first = 0; first < neurons.length; first += blockRows) {
        int rows = Math.min(blockRows, neurons.length - first);
        mark(markers, neurons, first, rows, columns, 1);
        Nd4jGemm.timesTransposed(columns, signs, products.slice(0, rows * k), rows, q, k);
        mark(markers, neurons, first, rows, columns, 0);
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < k; j++) {
            distance[first + i][j] = markers.count(seeds[j]) + products.get(i * k + j);
          }
        }
      }
      return distance;
    }
  };

  private static final long BLOCK_FLOATS = 16L << 20;

  /**
   * L1 distances between marker columns.
   *
   * @return [neurons, seeds]
   */
  abstract double[][] table(Markers markers, int[] neurons, int[] seeds);

  private static void mark(
      Markers markers, int[] neurons, int first, int rows, FloatBuffer columns, float value) {
    for (int i = 0; i < rows; i++) {
      for (int t : markers.tokensOf(neurons[first + i])) {
        columns.put(i * markers.tokens() + t, value);
      }
    }
  }
}
