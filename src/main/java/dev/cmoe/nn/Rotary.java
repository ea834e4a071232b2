package dev.cmoe.nn;

import dev.cmoe.arch.RopeSpec;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.function.IntUnaryOperator;

/**
 * Rotary angles, a row a position.
 *
 * @param cos [T,R] float32, the two halves equal; R columns of a head turn
 * @param sin [T,R] float32, the halves equal but for the sign: the first is negated
 */
public record Rotary(Tensor cos, Tensor sin) {

  /** Positions 0 to {@code length - 1} of one sequence of that length. */
  static Rotary of(Scope into, RopeSpec rope, int headDim, int length) {
    return of(into, rope, headDim, length, t -> length);
  }

  /**
   * The same positions, each as the last of its sequence, for tokens that come one by one. Where
   * angles depend on the length of the sequence the earlier tokens of a sequence may have others.
   */
  static Rotary ofLast(Scope into, RopeSpec rope, int headDim, int length) {
    return of(into, rope, headDim, length, t -> t + 1);
  }

  /** {@code rows} positions of a sequence that is {@code length} long, at least as many. */
  static Rotary of(Scope into, RopeSpec rope, int headDim, int rows, int length) {
    return of(into, rope, headDim, rows, t -> length);
  }

  private static Rotary of(
      Scope into, RopeSpec rope, int headDim, int rows, IntUnaryOperator lengthAt) {
    float scale = (float) rope.attentionScale();
    int length = 0;
    float[] frequencies = {};
    int half = rope.width(headDim) / 2;
    float[] cos = new float[rows * 2 * half];
    float[] sin = new float[rows * 2 * half];
    for (int t = 0; t < rows; t++) {
      if (t == 0 || rope.dependsOnLength() && lengthAt.applyAsInt(t) != length) {
        length = lengthAt.applyAsInt(t);
        frequencies = rope.inverseFrequencies(headDim, length);
      }
      for (int i = 0; i < half; i++) {
        float angle = t * frequencies[i];
        int low = t * 2 * half + i;
        cos[low] = (float) Math.cos(angle) * scale;
        sin[low] = (float) Math.sin(angle) * scale;
        cos[low + half] = cos[low];
        sin[low + half] = sin[low];
        sin[low] = -sin[low];
      }
    }
    return new Rotary(into.of(cos, rows, 2 * half), into.of(sin, rows, 2 * half));
  }
}
