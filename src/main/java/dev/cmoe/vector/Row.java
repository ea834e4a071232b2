package dev.cmoe.vector;

/**
 * A row of values rounded to bfloat16, the even and the odd ones apart: so a 32-bit word of
 * weights, which holds one of each, meets them in two multiplications without being unpacked.
 */
public final class Row {
  final float[] even;
  final float[] odd;

  /** Room for rows of at most {@code width} values. */
  public Row(int width) {
    even = new float[(width + 1) / 2];
    odd = new float[(width + 1) / 2];
  }

  /**
   * Takes values {@code from} to {@code to - 1} of {@code x} to the same places; {@code from} is
   * even.
   */
  public void take(float[] x, int from, int to) {
    for (int i = from / 2; i < to / 2; i++) {
      even[i] = rounded(x[2 * i]);
      odd[i] = rounded(x[2 * i + 1]);
    }
    if (to % 2 != 0) {
      even[to / 2] = rounded(x[to - 1]);
    }
  }

  /** To the nearest bfloat16, of two the even one; NaN stays NaN. */
  public static float rounded(float x) {
    int bits = Float.floatToRawIntBits(x);
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return x;
    }
    return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
  }

  /** {@link #rounded} as it is stored. */
  static short bits(float x) {
    int bits = Float.floatToRawIntBits(rounded(x)) >>> 16;
    // What is left of a NaN may be an infinity.
    return (short) (Float.isNaN(x) ? bits | 0x40 : bits);
  }
}
