package dev.cmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.safetensors.DType;
import dev.cmoe.vector.Bfloat16;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HalfFloatsTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  @Test
  void everyHalfComesBackFromFloat() {
    for (int bits = 0; bits < 0x10000; bits++) {
      short half = (short) bits;
      float f16 = HalfFloats.f16ToFloat(half);
      if (Float.isNaN(f16)) {
        assertThat(HalfFloats.f16ToFloat(HalfFloats.floatToF16(f16))).isNaN();
      } else {
        assertThat(HalfFloats.floatToF16(f16)).isEqualTo(half);
      }
    }
  }

  @Test
  void knowsLandmarks() {
    assertThat(HalfFloats.f16ToFloat((short) 0x3c00)).isEqualTo(1f);
    assertThat(HalfFloats.f16ToFloat((short) 0xc000)).isEqualTo(-2f);
    assertThat(HalfFloats.f16ToFloat((short) 0x7bff)).isEqualTo(65504f);
    assertThat(HalfFloats.f16ToFloat((short) 0x0001)).isEqualTo(0x1p-24f);
    assertThat(HalfFloats.f16ToFloat((short) 0x03ff)).isEqualTo(1023 * 0x1p-24f);
    assertThat(HalfFloats.f16ToFloat((short) 0xfc00)).isEqualTo(-INFINITY);
    assertThat(HalfFloats.f16ToFloat((short) 0x7e00)).isNaN();
    assertThat(HalfFloats.floatToF16(65519.996f)).isEqualTo((short) 0x7bff);
    assertThat(HalfFloats.floatToF16(65520f)).isEqualTo((short) 0x7c00);
    assertThat(HalfFloats.floatToF16(-INFINITY)).isEqualTo((short) 0xfc00);
    assertThat(HalfFloats.floatToF16(0x1p-25f)).isEqualTo((short) 0);
    assertThat(HalfFloats.floatToF16(Math.nextUp(0x1p-25f))).isEqualTo((short) 1);
    assertThat(HalfFloats.floatToF16(-0f)).isEqualTo((short) 0x8000);
  }

  /** Against a search of the neighbours in exact arithmetic. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void roundsToNearestEven(DType dtype) {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      short low = (short) random.nextInt(dtype == DType.F16 ? 0x7bff : 0x7f7f);
      short high = (short) (low + 1);
      BigDecimal below = new BigDecimal(widen(low, dtype));
      BigDecimal above = new BigDecimal(widen(high, dtype));
      float middle = below.add(above).divide(BigDecimal.valueOf(2)).floatValue();
      assertThat(narrow(middle, dtype)).isEqualTo((low & 1) == 0 ? low : high);
      assertThat(narrow(-middle, dtype) & 0x7fff).isEqualTo((low & 1) == 0 ? low : high);
      assertThat(narrow(Math.nextDown(middle), dtype)).isEqualTo(low);
      assertThat(narrow(Math.nextUp(middle), dtype)).isEqualTo(high);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void convertsBuffers(DType dtype) {
    float[] values = new float[10_007];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 127 - 63) / 8f;
    }
    ByteBuffer bytes = HalfFloats.fromFloats(values, dtype);
    assertThat(bytes.remaining()).isEqualTo(values.length * dtype.bytes());
    assertThat(bytes.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    float[] back = new float[values.length + 3];
    HalfFloats.toFloats(bytes.asReadOnlyBuffer(), dtype, back, 2, values.length);
    assertThat(back).startsWith(0f, 0f, values[0]).endsWith(values[values.length - 1], 0f);
    assertThat(java.util.Arrays.copyOfRange(back, 2, back.length - 1)).isEqualTo(values);

    ByteBuffer part = ByteBuffer.allocate(dtype.bytes() * 3).position(dtype.bytes());
    HalfFloats.fromFloats(values, 5, 2, dtype, part);
    assertThat(part.hasRemaining()).isFalse();
    assertThat(part.position(dtype.bytes()))
        .isEqualTo(bytes.slice(5 * dtype.bytes(), 2 * dtype.bytes()));
  }

  @Test
  void refusesOtherTypes() {
    assertThatThrownBy(() -> HalfFloats.fromFloats(new float[1], DType.I8))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> HalfFloats.toFloats(ByteBuffer.allocate(8), DType.F64, new float[1], 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float widen(short bits, DType dtype) {
    return dtype == DType.F16 ? HalfFloats.f16ToFloat(bits) : Bfloat16.value(bits);
  }

  private static short narrow(float value, DType dtype) {
    return dtype == DType.F16 ? HalfFloats.floatToF16(value) : Bfloat16.bits(value);
  }
}
