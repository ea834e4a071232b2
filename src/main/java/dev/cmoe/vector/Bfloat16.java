package dev.cmoe.vector;

/** The upper half of a float's bits. Narrowing rounds to nearest, ties to even; NaN stays NaN. */
public final class Bfloat16 {
  private Bfloat16() {}

  /** The value that {@code bits} stand for. */
  public static float value(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** How {@code value} is stored. */
  public static short bits(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (value != value) {
      // Only the upper payload survives, so the quiet bit keeps it from becoming infinity.
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  /** {@code value} as it is when it was stored. */
  public static float rounded(float value) {
    return value(bits(value));
  }
}
