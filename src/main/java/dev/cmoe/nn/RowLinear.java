package dev.cmoe.nn;

import dev.cmoe.engine.Tensor;
import dev.cmoe.vector.Bfloat16;
import dev.cmoe.vector.Bfloat16Matrix;
import dev.cmoe.vector.Row;

/** Rows of a bfloat16 matrix, and a bias or none: y = round(round(W x) + b). */
final class RowLinear {
  private final Bfloat16Matrix weights;
  private final int first;
  private final int rows;
  private final float[] bias;
  private final int biasFrom;

  private RowLinear(Bfloat16Matrix weights, int first, int rows, float[] bias, int biasFrom) {
    this.weights = weights;
    this.first = first;
    this.rows = rows;
    this.bias = bias;
    this.biasFrom = biasFrom;
  }

  /** A matrix [n,k], all of it. */
  static RowLinear of(Tensor weight) {
    return of(weight, 0);
  }

  /** Matrix {@code index} of [.., n, k]. */
  static RowLinear of(Tensor weight, int index) {
    long[] shape = weight.shape();
    int rows = Math.toIntExact(shape[shape.length - 2]);
    int width = Math.toIntExact(shape[shape.length - 1]);
    int first = Math.toIntExact((long) index * rows * width * Short.BYTES);
    return new RowLinear(new Bfloat16Matrix(weight.memory(), first, width), 0, rows, null, 0);
  }

  /** Its rows from {@code from} on. */
  RowLinear part(int from, int count) {
    return new RowLinear(weights, first + from, count, bias, biasFrom + from);
  }

  /** With a bias, which begins at value {@code from}. */
  RowLinear plus(float[] values, int from) {
    return new RowLinear(weights, first, rows, values, from);
  }

  /** n. */
  int rows() {
    return rows;
  }

  /** k. */
  int width() {
    return weights.width();
  }

  /** y[r] for rows {@code from} to {@code to - 1}. */
  void apply(Row x, int from, int to, float[] y) {
    weights.times(x, first + from, first + to, y, -first);
    for (int r = from; r < to; r++) {
      float value = Bfloat16.rounded(y[r]);
      y[r] = bias == null ? value : Bfloat16.rounded(value + bias[biasFrom + r]);
    }
  }
}
