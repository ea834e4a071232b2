package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.MappedFiles.StoredType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFilesTest {
  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  @Test
  void readsEachStoredTypeFromItsPlace() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(0).putFloat(1.25f).putFloat(-2);
    bytes.putShort((short) 0x3fc0).putShort((short) 0xc040); // bfloat16 1.5 and -3
    bytes.putShort((short) 0x3e00).putShort((short) 0xc200); // float16 1.5 and -3
    bytes.putInt(0);
    Path file = Files.write(dir.resolve("weights"), bytes.array());
    try (MappedFiles files = new MappedFiles(engine);
        Scope scope = engine.scope()) {
      assertThat(load(files, scope, file, StoredType.FLOAT32, 4)).containsExactly(1.25f, -2);
      assertThat(load(files, scope, file, StoredType.BFLOAT16, 12)).containsExactly(1.5f, -3);
      assertThat(load(files, scope, file, StoredType.FLOAT16, 16)).containsExactly(1.5f, -3);
      Tensor stored = files.load(scope, file, StoredType.BFLOAT16, 12, new long[] {2}, null);
      assertThat(stored.toWidened()).containsExactly(1.5f, -3);
    }
  }

  @Test
  void keepsTheStoredTypeWhenAsked() throws IOException {
    Path file = Files.write(dir.resolve("weights"), new byte[8]);
    try (MappedFiles files = new MappedFiles(engine);
        Scope scope = engine.scope()) {
      Tensor stored = files.load(scope, file, StoredType.BFLOAT16, 0, new long[] {2, 2}, null);
      Tensor wide =
          files.load(scope, file, StoredType.BFLOAT16, 0, new long[] {2, 2}, ComputeType.FLOAT32);

      assertThat(stored.toString()).doesNotContain("float32");
      assertThat(wide).hasToString("float32[2, 2]");
    }
  }

  @Test
  void canMapOnlyAlignedValues() {
    assertThat(MappedFiles.canMap(StoredType.FLOAT32, 8)).isTrue();
    assertThat(MappedFiles.canMap(StoredType.FLOAT32, 6)).isFalse();
    assertThat(MappedFiles.canMap(StoredType.BFLOAT16, 6)).isTrue();
    assertThat(MappedFiles.canMap(StoredType.FLOAT16, 7)).isFalse();
  }

  private static float[] load(
      MappedFiles files, Scope scope, Path file, StoredType type, long offset) {
    return files.load(scope, file, type, offset, new long[] {2}, ComputeType.FLOAT32).toFloats();
  }
}
