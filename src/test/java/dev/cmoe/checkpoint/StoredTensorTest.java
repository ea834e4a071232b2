package dev.cmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredTensorTest {
  @TempDir Path dir;

  @Test
  void isMovedInPartsOfWholeRows() {
    byte[] bytes = new byte[7 * 6];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    StoredTensor tensor =
        ModelFolder.stored(
            dir.resolve("a.safetensors"),
            TensorSpec.of("a", DType.F16, 7, 3),
            ByteBuffer.wrap(bytes));

    assertThat(sizes(tensor.parts(100))).containsExactly(42);
    assertThat(sizes(tensor.parts(42))).containsExactly(42);
    assertThat(sizes(tensor.parts(41))).containsExactly(36, 6);
    assertThat(sizes(tensor.parts(13))).containsExactly(12, 12, 12, 6);
    assertThat(sizes(tensor.parts(5))).containsExactly(6, 6, 6, 6, 6, 6, 6);
    ByteBuffer joined = ByteBuffer.allocate(42);
    for (ByteBuffer part : tensor.parts(13)) {
      joined.put(part);
    }
    assertThat(joined.array()).containsExactly(bytes);
  }

  private static int[] sizes(ByteBuffer[] parts) {
    return Arrays.stream(parts).mapToInt(ByteBuffer::remaining).toArray();
  }
}
