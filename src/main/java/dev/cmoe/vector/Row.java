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
      even[i] = Bfloat16.rounded(x[2 * i]);
      odd[i] = Bfloat16.rounded(x[2 * i + 1]);
    }
    if (to % 2 != 0) {
      even[to / 2] = Bfloat16.rounded(x[to - 1]);
    }
  }
}
