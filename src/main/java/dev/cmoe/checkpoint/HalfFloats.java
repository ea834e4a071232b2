package dev.cmoe.checkpoint;

import dev.cmoe.safetensors.DType;
import dev.cmoe.vector.Bfloat16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * F16, and tensors of any float type, to and from float. Widening is exact. Narrowing rounds to
 * nearest, ties to even, and keeps signs, infinities and NaN; what is too large becomes infinite.
 */
public final class HalfFloats {
  /** Elements converted between two bulk copies: small enough for the first-level cache. */
  private static final int BLOCK = 4096;

  /** The first magnitude that rounds beyond the largest finite F16, 65504. */
  private static final int F16_OVERFLOW = Float.floatToRawIntBits(65520f);

  private static final int F16_MIN_NORMAL = Float.floatToRawIntBits(0x1p-14f);

  /** The difference of the exponent biases, in place in a float's bits. */
  private static final int F16_REBIAS = (127 - 15) << 23;

  private HalfFloats() {}

  public static float f16ToFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int rest = bits & 0x7fff;
    int wide;
    if (rest >= 0x7c00) {
      wide = 0x7f800000 | rest << 13;
    } else if (rest >= 0x0400) {
      wide = (rest << 13) + F16_REBIAS;
    } else {
      wide = Float.floatToRawIntBits(rest * 0x1p-24f);
    }
    return Float.intBitsToFloat(sign | wide);
  }

  public static short floatToF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) {
      return (short) (sign | 0x7e00 | (rest >>> 13 & 0x3ff));
    }
    if (rest >= F16_OVERFLOW) {
      return (short) (sign | 0x7c00);
    }
    if (rest < F16_MIN_NORMAL) {
      // Scaling by a power of two is exact here; rounding up to 1024 gives the first normal.
      return (short) (sign | (int) Math.rint(Float.intBitsToFloat(rest) * 0x1p24f));
    }
    int rounded = rest + 0xfff + (rest >>> 13 & 1);
    return (short) (sign | (rounded - F16_REBIAS) >>> 13);
  }

  /** All elements of a tensor of at most 2^31 - 1 bytes, row after row. */
  public static float[] toFloats(ReadableTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    toFloats(tensor.bytes(), tensor.dtype(), values, 0, values.length);
    return values;
  }

  /**
   * Widens the first {@code count} elements that remain in {@code source} into {@code dst} from
   * {@code start} on. The buffer is read as little-endian and keeps its position.
   *
   * @throws IllegalArgumentException for a type other than F32, F16 and BF16
   */
  public static void toFloats(ByteBuffer source, DType dtype, float[] dst, int start, int count) {
    ByteBuffer bytes = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    switch (dtype) {
      case F32 -> bytes.asFloatBuffer().get(dst, start, count);
      case F16, BF16 -> {
        ShortBuffer shorts = bytes.asShortBuffer();
        short[] block = new short[Math.min(BLOCK, count)];
        for (int done = 0; done < count; done += block.length) {
          int length = Math.min(block.length, count - done);
          shorts.get(block, 0, length);
          widen(block, length, dtype, dst, start + done);
        }
      }
      default -> throw unreadable(dtype);
    }
  }

  /** All of {@code values} as {@code dtype}: a new little-endian buffer at position 0. */
  public static ByteBuffer fromFloats(float[] values, DType dtype) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, dtype.bytes()));
    fromFloats(values, 0, values.length, dtype, bytes);
    return bytes.order(ByteOrder.LITTLE_ENDIAN).flip();
  }

  /**
   * Narrows {@code count} elements of {@code values} from {@code start} on into {@code dst} at its
   * position, little-endian, and advances it.
   *
   * @throws IllegalArgumentException for a type other than F32, F16 and BF16
   */
  public static void fromFloats(float[] values, int start, int count, DType dtype, ByteBuffer dst) {
    ByteBuffer bytes = dst.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    switch (dtype) {
      case F32 -> {
        FloatBuffer floats = bytes.asFloatBuffer();
        floats.put(values, start, count);
      }
      case F16, BF16 -> {
        ShortBuffer shorts = bytes.asShortBuffer();
        short[] block = new short[Math.min(BLOCK, count)];
        for (int done = 0; done < count; done += block.length) {
          int length = Math.min(block.length, count - done);
          narrow(values, start + done, length, dtype, block);
          shorts.put(block, 0, length);
        }
      }
      default -> throw unreadable(dtype);
    }
    dst.position(dst.position() + count * dtype.bytes());
  }

  private static void widen(short[] block, int length, DType dtype, float[] dst, int start) {
    if (dtype == DType.BF16) {
      for (int i = 0; i < length; i++) {
        dst[start + i] = Bfloat16.value(block[i]);
      }
    } else {
      for (int i = 0; i < length; i++) {
        dst[start + i] = f16ToFloat(block[i]);
      }
    }
  }

  private static void narrow(float[] values, int start, int length, DType dtype, short[] block) {
    if (dtype == DType.BF16) {
      for (int i = 0; i < length; i++) {
        block[i] = Bfloat16.bits(values[start + i]);
      }
    } else {
      for (int i = 0; i < length; i++) {
        block[i] = floatToF16(values[start + i]);
      }
    }
  }

  private static IllegalArgumentException unreadable(DType dtype) {
    return new IllegalArgumentException(dtype + " is not F32, F16 or BF16");
  }
}
