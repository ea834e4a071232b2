package dev.cmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JoinedTensorTest {
  @TempDir Path dir;

  /** A tensor in a file of its own: {@code first}, {@code first + 1} and so on. */
  private StoredTensor counting(String name, DType type, int first, long... shape) {
    TensorSpec spec = TensorSpec.of(name, type, shape);
    float[] values = new float[Math.toIntExact(spec.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = first + i;
    }
    return ModelFolder.stored(
        dir.resolve(name + ".safetensors"), spec, HalfFloats.fromFloats(values, type));
  }

  private static float[] values(ReadableTensor tensor, ByteBuffer bytes) {
    float[] values = new float[bytes.remaining() / tensor.dtype().bytes()];
    HalfFloats.toFloats(bytes, tensor.dtype(), values, 0, values.length);
    return values;
  }

  @Test
  void takesColumnsOfOneMatrixAfterTheOther() {
    StoredTensor a = counting("a", DType.BF16, 0, 2, 4);
    StoredTensor b = counting("b", DType.BF16, 100, 2, 3);
    JoinedTensor joined = JoinedTensor.of("joined", List.of(a, b), 1, 2, 2, 2);

    assertThat(joined.spec()).isEqualTo(TensorSpec.of("joined", DType.BF16, 2, 2, 2));
    assertThat(joined.isWhole()).isFalse();
    assertThat(values(joined, joined.bytes())).containsExactly(1, 2, 5, 6, 101, 102, 104, 105);
    assertThat(values(joined, joined.rows(1, 1))).containsExactly(101, 102, 104, 105);
    assertThat(joined.part(0, 1).shape()).containsExactly(1L, 2L, 2L);
    assertThat(values(joined, joined.part(0, 1).bytes())).containsExactly(1, 2, 5, 6);
    assertThat(joined.parts(8)).hasSize(2);
  }

  @Test
  void takesPartsAcrossPieces() {
    StoredTensor a = counting("a", DType.F32, 0, 2, 2);
    StoredTensor b = counting("b", DType.F32, 4, 3, 2);
    JoinedTensor joined = JoinedTensor.of("joined", List.of(a, b), 0, 5, 2);

    assertThat(values(joined, joined.bytes())).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(values(joined, joined.rows(1, 2))).containsExactly(2, 3, 4, 5);
    assertThat(joined.part(2, 3).isWhole()).isTrue();
    assertThat(values(joined, joined.part(3, 1).bytes())).containsExactly(6, 7);
  }

  @Test
  void readsRowsOfAPackedTensorAsAMatrix() {
    StoredTensor packed = counting("packed", DType.F16, 0, 2, 3, 2);
    StoredTensor rows = packed.matrix(2, 3);

    assertThat(rows.shape()).containsExactly(3L, 2L);
    assertThat(values(rows, rows.bytes())).containsExactly(4, 5, 6, 7, 8, 9);
  }

  @Test
  void isOfOneType() {
    StoredTensor a = counting("a", DType.F32, 0, 1, 2);
    StoredTensor b = counting("b", DType.F16, 0, 1, 2);

    assertThatThrownBy(() -> JoinedTensor.of("joined", List.of(a, b), 0, 2, 2))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNSUPPORTED));
    assertThatThrownBy(() -> JoinedTensor.of("joined", List.of(a, a), 0, 3, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> JoinedTensor.of("joined", List.of(a), 1, 1, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
