package dev.cmoe.job.doctor;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The blocks of a decoder in plain double arithmetic, token by token: what kernels are compared
 * with. Matrices are arrays of rows; a weight [n,k] maps rows of k to rows of n.
 */
final class PlainBlocks {
  private PlainBlocks() {}

  /**
   * Normal values times {@code scale} that bfloat16 holds exactly, so that every compute type
   * starts from the same numbers.
   */
  static double[][] random(long seed, int rows, int columns, double scale) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] values = new double[rows][columns];
    for (double[] row : values) {
      for (int j = 0; j < columns; j++) {
        int bits = Float.floatToIntBits((float) (scale * random.nextGaussian()));
        row[j] = Float.intBitsToFloat(bits & 0xffff0000);
      }
    }
    return values;
  }

  /** x [t,k] times transposed weight [n,k]. */
  static double[][] linear(double[][] x, double[][] weight) {
    double[][] y = new double[x.length][weight.length];
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < weight.length; i++) {
        double sum = 0;
        for (int k = 0; k < weight[i].length; k++) {
          sum += x[t][k] * weight[i][k];
        }
        y[t][i] = sum;
      }
    }
    return y;
  }

  /** h = SiLU(x gate') ⊙ (x up'), [t,f]. */
  static double[][] hidden(double[][] x, double[][] gate, double[][] up) {
    double[][] h = linear(x, gate);
    double[][] other = linear(x, up);
    for (int t = 0; t < h.length; t++) {
      for (int j = 0; j < h[t].length; j++) {
        h[t][j] = h[t][j] / (1 + Math.exp(-h[t][j])) * other[t][j];
      }
    }
    return h;
  }

  /** The dense block: {@link #hidden} through down [d,f]. */
  static double[][] dense(double[][] x, double[][] gate, double[][] up, double[][] down) {
    return linear(hidden(x, gate, up), down);
  }

  /** Gates [t,E]: 1 for the k experts of the largest scores, the lower of equal ones. */
  static double[][] gates(double[][] scores, int k) {
    double[][] gates = new double[scores.length][];
    for (int t = 0; t < scores.length; t++) {
      double[] row = scores[t];
      gates[t] = new double[row.length];
      double[] gate = gates[t];
      IntStream.range(0, row.length)
          .boxed()
          .sorted((a, b) -> Double.compare(row[b], row[a]))
          .limit(k)
          .forEach(e -> gate[e] = 1);
    }
    return gates;
  }

  /**
   * The dense block with neurons left out: of its f neurons the first {@code shared} always run,
   * and the others are experts of {@code width} neurons each, with gates [t,E].
   */
  static double[][] mixture(
      double[][] x,
      double[][] gate,
      double[][] up,
      double[][] down,
      int shared,
      int width,
      double[][] gates) {
    double[][] h = hidden(x, gate, up);
    for (int t = 0; t < h.length; t++) {
      for (int j = shared; j < h[t].length; j++) {
        h[t][j] *= gates[t][(j - shared) / width];
      }
    }
    return linear(h, down);
  }

  /** Rows scaled to mean square 1, and by {@code weight}. */
  static double[][] normed(double[][] x, double[] weight, double epsilon) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double mean = Arrays.stream(x[t]).map(v -> v * v).average().orElse(0);
      double factor = 1 / Math.sqrt(mean + epsilon);
      double[] row = x[t];
      y[t] = IntStream.range(0, row.length).mapToDouble(i -> row[i] * factor * weight[i]).toArray();
    }
    return y;
  }

  /**
   * Causal attention of one sequence, q [t,H·D], k and v [t,K·D]; each of the K key heads serves
   * H/K query heads.
   *
   * @param angles frequencies [D/2]: element i of a head turns with element i + D/2
   */
  static double[][] attention(
      double[][] q, double[][] k, double[][] v, int heads, int shared, double[] angles) {
    int width = 2 * angles.length;
    double[][] queries = turned(q, angles);
    double[][] keys = turned(k, angles);
    double[][] y = new double[q.length][heads * width];
    for (int h = 0; h < heads; h++) {
      int from = h * width;
      int source = h / (heads / shared) * width;
      for (int t = 0; t < q.length; t++) {
        double[] share = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
          double score = 0;
          for (int i = 0; i < width; i++) {
            score += queries[t][from + i] * keys[s][source + i];
          }
          share[s] = Math.exp(score / Math.sqrt(width));
          sum += share[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int i = 0; i < width; i++) {
            y[t][from + i] += share[s] / sum * v[s][source + i];
          }
        }
      }
    }
    return y;
  }

  /** Rotary positions: row t of every head turned by t times its angles. */
  private static double[][] turned(double[][] x, double[] angles) {
    int half = angles.length;
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      y[t] = x[t].clone();
      for (int head = 0; head < x[t].length; head += 2 * half) {
        for (int i = 0; i < half; i++) {
          double cos = Math.cos(t * angles[i]);
          double sin = Math.sin(t * angles[i]);
          double low = x[t][head + i];
          double high = x[t][head + half + i];
          y[t][head + i] = low * cos - high * sin;
          y[t][head + half + i] = high * cos + low * sin;
        }
      }
    }
    return y;
  }

  static double[][] plus(double[][] a, double[][] b) {
    return combined(a, b, 1);
  }

  static double[][] minus(double[][] a, double[][] b) {
    return combined(a, b, -1);
  }

  private static double[][] combined(double[][] a, double[][] b, double factor) {
    double[][] sum = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[i].length; j++) {
        sum[i][j] = a[i][j] + factor * b[i][j];
      }
    }
    return sum;
  }
}
