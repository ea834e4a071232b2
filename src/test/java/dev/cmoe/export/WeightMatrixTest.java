package dev.cmoe.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.safetensors.DType;
import dev.cmoe.vector.Bfloat16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WeightMatrixTest {
  private static WeightMatrix matrix(DType type, int rows, float... values) {
    return new WeightMatrix(
        "w", type, rows, values.length / rows, HalfFloats.fromFloats(values, type));
  }

  private static float[] values(WeightMatrix matrix) {
    float[] values = new float[matrix.rows() * matrix.columns()];
    assertThat(matrix.bytes().remaining()).isEqualTo(values.length * matrix.type().bytes());
    HalfFloats.toFloats(matrix.bytes(), matrix.type(), values, 0, values.length);
    return values;
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void isMultipliedAndPutBesideAnother(DType type) {
    WeightMatrix left = matrix(type, 2, 1, -2, 0.5f, 4);
    WeightMatrix right = matrix(type, 2, 8, 16);

    assertThat(values(left.times(3))).containsExactly(3, -6, 1.5f, 12);
    assertThat(values(left)).containsExactly(1, -2, 0.5f, 4);
    assertThat(values(left.beside(right))).containsExactly(1, -2, 8, 0.5f, 4, 16);
    assertThat(values(left.times(2).beside(right).widened(4)))
        .containsExactly(2, -4, 8, 0, 1, 8, 16, 0);
    assertThat(values(WeightMatrix.zeros(type, 2, 0).widened(1))).containsExactly(0, 0);
    assertThat(left.widened(2)).isSameAs(left);
    assertThat(left.times(1)).isSameAs(left);
  }

  @Test
  void roundsToTheTypeItIsStoredIn() {
    // 1 + 2^-7 is the next bfloat16 after 1; three times that lies between two.
    float[] product = values(matrix(DType.BF16, 1, 1 + 0x1p-7f).times(3));

    assertThat(product).containsExactly(3 + 0x1p-5f);
  }

  /** Every value of the type that has a product, by several factors. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void isDividedIntoWhatWasMultiplied(DType type) {
    ByteBuffer all = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int bits = 0; bits < 1 << 16; bits++) {
      short stored = (short) bits;
      float value = type == DType.F16 ? HalfFloats.f16ToFloat(stored) : Bfloat16.value(stored);
      // What is small enough to have a product of its type.
      all.putShort(Math.abs(value) < 8000 ? stored : 0);
    }
    WeightMatrix every = new WeightMatrix("w", type, 256, 256, all.flip());
    for (int factor = 1; factor <= 8; factor++) {
      WeightMatrix product = every.times(factor);
      WeightMatrix back = product.over(factor);

      assertThat(back.times(factor).bytes()).as("times " + factor).isEqualTo(product.bytes());
      if (Integer.bitCount(factor) == 1) {
        assertThat(back.bytes()).as("over " + factor).isEqualTo(every.bytes());
      }
    }
  }

  @Test
  void isDividedInFloat32() {
    SplittableRandom random = new SplittableRandom(5);
    float[] values = new float[60_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    WeightMatrix weights = matrix(DType.F32, 3, values);
    for (int factor : new int[] {2, 3, 5, 6, 7}) {
      WeightMatrix product = weights.times(factor);

      assertThat(product.over(factor).times(factor).bytes()).isEqualTo(product.bytes());
    }
  }

  @Test
  void givesColumns() {
    WeightMatrix matrix = matrix(DType.BF16, 2, 1, 2, 3, 4, 5, 6);

    assertThat(values(matrix.narrowed(1, 2))).containsExactly(2, 3, 5, 6);
    assertThat(matrix.narrowed(0, 3)).isSameAs(matrix);
  }

  @Test
  void saysThatAWeightBecomesTooLarge() {
    assertThatThrownBy(() -> matrix(DType.F16, 1, 1, 40000).times(2))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNSUPPORTED))
        .hasMessageContaining("'w'")
        .hasMessageContaining("too large for F16");
  }
}
