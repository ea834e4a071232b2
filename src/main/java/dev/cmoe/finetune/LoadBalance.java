package dev.cmoe.finetune;

import java.util.Arrays;
import java.util.List;

/**
 * Selection biases b of every layer and the loads they answer to (CMoE 1.7): after a step b_i falls
 * by γ where expert i had more tokens than the mean, and rises by γ where it had fewer. Counts are
 * integers, and compared with the mean without rounding.
 */
final class LoadBalance {
  private final float[][] bias;
  private final float[][] before;
  private final long[][] counts;

  /**
   * @param bias of each layer, [E] each; E may be 0
   */
  LoadBalance(List<float[]> bias) {
    this.bias = bias.stream().map(float[]::clone).toArray(float[][]::new);
    this.before = bias.stream().map(float[]::clone).toArray(float[][]::new);
    this.counts = bias.stream().map(layer -> new long[layer.length]).toArray(long[][]::new);
  }

  float[] bias(int layer) {
    return bias[layer];
  }

  void setBias(int layer, float[] values) {
    System.arraycopy(values, 0, bias[layer], 0, values.length);
  }

  /** Number of biases in all layers. */
  long size() {
    return Arrays.stream(bias).mapToLong(layer -> layer.length).sum();
  }

  /** Whether a bias is another than before training. */
  boolean moved() {
    return !Arrays.deepEquals(bias, before);
  }

  /** Adds the tokens that chose each expert. */
  void count(int layer, long[] chosen) {
    for (int e = 0; e < chosen.length; e++) {
      counts[layer][e] += chosen[e];
    }
  }

  /** Moves the biases by the counts so far, and counts anew. */
  void move(double gamma) {
    for (int l = 0; l < bias.length; l++) {
      long sum = Arrays.stream(counts[l]).sum();
      for (int e = 0; e < bias[l].length; e++) {
        int excess = Long.compare(counts[l][e] * counts[l].length, sum);
        bias[l][e] -= (float) (gamma * excess);
      }
    }
    forget();
  }

  /** Counts anew. */
  void forget() {
    for (long[] layer : counts) {
      Arrays.fill(layer, 0);
    }
  }
}
