package dev.cmoe.nn;

import dev.cmoe.engine.Tensor;
import java.util.List;

/** A norm of rows: none, RMSNorm, or, with a bias, LayerNorm. */
final class RowNorm {
  private final float[] weight;
  private final float[] bias;
  private final double epsilon;

  /** Of none, a weight, or a weight and a bias, float32. */
  RowNorm(List<Tensor> parts, double epsilon) {
    this.weight = parts.isEmpty() ? null : parts.get(0).toFloats();
    this.bias = parts.size() < 2 ? null : parts.get(1).toFloats();
    this.epsilon = epsilon;
  }

  /** y[i] of the row x; y may be x. */
  void apply(float[] x, float[] y) {
    apply(x, y, 0, x.length);
  }

  /** The same, head by head of this norm's width, in place. */
  void applyToHeads(float[] x) {
    for (int at = 0; at < x.length; at += weight.length) {
      apply(x, x, at, weight.length);
    }
  }

  private void apply(float[] x, float[] y, int at, int count) {
    if (weight == null) {
      System.arraycopy(x, at, y, at, count);
      return;
    }
    double mean = 0;
    if (bias != null) {
      for (int i = at; i < at + count; i++) {
        mean += x[i];
      }
      mean /= count;
    }
    double squares = 0;
    for (int i = at; i < at + count; i++) {
      double difference = x[i] - mean;
      squares += difference * difference;
    }
    float factor = (float) (1 / Math.sqrt(squares / count + epsilon));
    for (int i = 0; i < count; i++) {
      float normed = (float) (x[at + i] - mean) * factor * weight[i];
      y[at + i] = bias == null ? normed : normed + bias[i];
    }
  }
}
