package dev.cmoe.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** What is done to float rows that are small beside the weights. */
public final class Floats {
  private static final VectorSpecies<Float> FLOATS = Words.FLOATS;
  private static final int LANES = Words.LANES;

  private Floats() {}

  /**
   * Row {@code row} · x of a float32 matrix [n,k], k being the length of x.
   *
   * @param matrix direct, little-endian
   */
  public static float dot(ByteBuffer matrix, int row, float[] x) {
    int begin = 4 * row * x.length;
    FloatVector sum = FloatVector.zero(FLOATS);
    int whole = FLOATS.loopBound(x.length);
    for (int i = 0; i < whole; i += LANES) {
      FloatVector weights =
          FloatVector.fromByteBuffer(FLOATS, matrix, begin + 4 * i, ByteOrder.LITTLE_ENDIAN);
      sum = weights.fma(FloatVector.fromArray(FLOATS, x, i), sum);
    }
    float total = Words.sum(sum);
    for (int i = whole; i < x.length; i++) {
      total += matrix.getFloat(begin + 4 * i) * x[i];
    }
    return total;
  }

  /** The first {@code count} of x become shares: exp(x - max) over their sum. */
  public static void softmax(float[] x, int count) {
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, x[i]);
    }
    FloatVector total = FloatVector.zero(FLOATS);
    for (int i = 0; i < count; i += LANES) {
      VectorMask<Float> there = FLOATS.indexInRange(i, count);
      FloatVector e = exp(FloatVector.fromArray(FLOATS, x, i, there).sub(most));
      e.intoArray(x, i, there);
      total = total.add(e, there);
    }
    float factor = 1 / Words.sum(total);
    for (int i = 0; i < count; i++) {
      x[i] *= factor;
    }
  }

  /** x becomes cap · tanh(scale x / cap), for values {@code from} to {@code to - 1}. */
  public static void softCap(float[] x, int from, int to, float scale, float cap) {
    for (int i = from; i < to; i += LANES) {
      VectorMask<Float> there = FLOATS.indexInRange(i, to);
      FloatVector twice = FloatVector.fromArray(FLOATS, x, i, there).mul(2 * scale / cap);
      FloatVector below = broadcast(2 * cap).div(exp(twice).add(1f));
      below.neg().add(cap).intoArray(x, i, there);
    }
  }

  /** SiLU of values {@code from} to {@code to - 1}, in place. */
  public static void silu(float[] x, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      VectorMask<Float> there = FLOATS.indexInRange(i, to);
      FloatVector v = FloatVector.fromArray(FLOATS, x, i, there);
      v.div(exp(v.neg()).add(1f)).intoArray(x, i, there);
    }
  }

  /** GELU in its form by tanh of values {@code from} to {@code to - 1}, in place. */
  public static void geluTanh(float[] x, int from, int to) {
    float twice = (float) (2 * Math.sqrt(2 / Math.PI));
    for (int i = from; i < to; i += LANES) {
      VectorMask<Float> there = FLOATS.indexInRange(i, to);
      FloatVector v = FloatVector.fromArray(FLOATS, x, i, there);
      FloatVector u = v.mul(v).mul(0.044715f).add(1f).mul(v).mul(twice);
      v.div(exp(u.neg()).add(1f)).intoArray(x, i, there);
    }
  }

  /**
   * GELU of values {@code from} to {@code to - 1}, in place, with erf to 1.5e-7 (Abramowitz and
   * Stegun, 7.1.26).
   */
  public static void gelu(float[] x, int from, int to) {
    float root = (float) Math.sqrt(0.5);
    for (int i = from; i < to; i += LANES) {
      VectorMask<Float> there = FLOATS.indexInRange(i, to);
      FloatVector v = FloatVector.fromArray(FLOATS, x, i, there);
      FloatVector u = v.mul(root).abs();
      FloatVector t = broadcast(1f).div(u.mul(0.3275911f).add(1f));
      FloatVector p = t.mul(1.061405429f).sub(1.453152027f);
      p = p.mul(t).add(1.421413741f);
      p = p.mul(t).sub(0.284496736f);
      p = p.mul(t).add(0.254829592f).mul(t);
      FloatVector tail = p.mul(exp(u.mul(u).neg())).mul(0.5f);
      FloatVector above = v.mul(tail.neg().add(1f));
      above.blend(v.mul(tail), v.lt(0f)).intoArray(x, i, there);
    }
  }

  /**
   * exp(v) to some 2e-7 of itself, of at least -87 and at most 88: as 2ⁿ exp(r), r at most half of
   * ln 2. The vector API's own has other last bits once it is compiled, and what a model says would
   * depend on when that is.
   */
  private static FloatVector exp(FloatVector v) {
    FloatVector x = v.max(-87f).min(88f);
    // Adding 1.5 · 2²³ leaves whole numbers, the lowest bits of the sum.
    FloatVector shifted = x.mul(1.44269504f).add(12582912f);
    FloatVector n = shifted.sub(12582912f);
    FloatVector r = n.fma(broadcast(-0.693145752f), x);
    r = n.fma(broadcast(-1.42860677e-6f), r);
    FloatVector p = r.mul(1f / 720).add(1f / 120);
    p = p.fma(r, broadcast(1f / 24));
    p = p.fma(r, broadcast(1f / 6));
    p = p.fma(r, broadcast(0.5f));
    p = p.fma(r, broadcast(1f));
    p = p.fma(r, broadcast(1f));
    IntVector power = shifted.reinterpretAsInts().add(127).lanewise(VectorOperators.LSHL, 23);
    return p.mul(power.reinterpretAsFloats());
  }

  private static FloatVector broadcast(float x) {
    return FloatVector.broadcast(FLOATS, x);
  }
}
