package dev.cmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NonFiniteTest {
  private static final int COUNT = 40_003;

  @TempDir Path dir;

  @Test
  void passesEveryFiniteHalf() {
    for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
      int exponent = dtype == DType.BF16 ? 0x7f80 : 0x7c00;
      ByteBuffer bytes = ByteBuffer.allocate(0x20000).order(ByteOrder.LITTLE_ENDIAN);
      for (int bits = 0; bits < 0x10000; bits++) {
        if ((bits & exponent) != exponent) {
          bytes.putShort((short) bits);
        }
      }
      bytes.flip();
      NonFinite.check(stored(TensorSpec.of("x", dtype, bytes.remaining() / 2), bytes));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 8191, 8192, 20_001, COUNT - 4, COUNT - 3, COUNT - 1})
  void namesTheFirstOne(int index) {
    for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      float[] values = new float[COUNT];
      java.util.Arrays.fill(values, -1.5f);
      values[index] = Float.NaN;
      values[COUNT - 1] = Float.NaN;
      finds(TensorSpec.of("x", dtype, COUNT), values, "holds NaN, first at element " + index + ";");
      values[index] = Float.NEGATIVE_INFINITY;
      finds(TensorSpec.of("x", dtype, COUNT), values, "infinity, first at element " + index + ";");
    }
  }

  @Test
  void readsDoublesScalarsAndOddShapes() {
    ByteBuffer nan = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(Double.NaN);
    StoredTensor scalar = stored(TensorSpec.of("x", DType.F64), nan.flip());
    assertThatThrownBy(() -> NonFinite.check(scalar)).hasMessageContaining("first at element 0");
    NonFinite.check(stored(TensorSpec.of("x", DType.F32, 0, 4), ByteBuffer.allocate(0)));
    NonFinite.check(stored(TensorSpec.of("x", DType.I64, 1), nan.position(0)));
  }

  private void finds(TensorSpec spec, float[] values, String what) {
    StoredTensor tensor = stored(spec, HalfFloats.fromFloats(values, spec.dtype()));
    assertThatThrownBy(() -> NonFinite.check(tensor))
        .isInstanceOf(CmoeException.class)
        .hasMessageStartingWith(tensor.path() + ": tensor 'x' at byte " + tensor.fileOffset())
        .hasMessageContaining(what);
    assertThat(tensor.path()).exists();
  }

  private StoredTensor stored(TensorSpec spec, ByteBuffer bytes) {
    return ModelFolder.stored(dir.resolve("x.safetensors"), spec, bytes);
  }
}
