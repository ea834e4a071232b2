package dev.cmoe.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final TensorSpec A = TensorSpec.of("a \"\n", DType.F32, 2, 1);
  private static final TensorSpec B = TensorSpec.of("b", DType.I8, 3);

  @TempDir Path dir;

  @Test
  void writesWhatTheReaderReads() throws IOException {
    Path file = dir.resolve("x.safetensors");
    ByteBuffer data = ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, List.of(A, B), Map.of("format", "pt"))) {
      writer.write(A.name(), data.slice(0, 3), data.slice(3, 5));
      writer.write(B.name(), data.slice(5, 3));
      assertThat(writer.size()).isEqualTo(Files.size(file));
      assertThat(writer.sha256()).isEqualTo(Sha256.of(ByteBuffer.wrap(Files.readAllBytes(file))));
    }
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.tensors()).extracting(TensorInfo::spec).containsExactly(A, B);
      assertThat(read.tensors()).allMatch(TensorInfo::aligned);
      assertThat(read.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(read.dataStart() % 64).isZero();
      assertThat(read.bytes(read.tensors().get(0))).isEqualTo(data);
      assertThat(read.bytes(read.tensors().get(1))).isEqualTo(data.slice(5, 3));
    }
  }

  @Test
  void leavesTheBuffersAsTheyWere() {
    ByteBuffer data = ByteBuffer.wrap(new byte[] {9, 1, 2, 3}).position(1);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(dir.resolve("x"), List.of(B), Map.of())) {
      writer.write("b", data);
    }
    assertThat(data.position()).isEqualTo(1);
  }

  @Test
  void writesAFileWithoutTensors() throws IOException {
    Path file = dir.resolve("x");
    SafetensorsWriter.create(file, List.of(), Map.of()).close();
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.tensors()).isEmpty();
    }
  }

  @Test
  void deletesAFileThatIsNotComplete() {
    Path file = dir.resolve("x");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A, B), Map.of())) {
      writer.write(A.name(), ByteBuffer.allocate(8));
      assertThat(file).exists();
      assertThatThrownBy(writer::sha256).isInstanceOf(IllegalStateException.class);
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void holdsTheCallerToOrderAndSize() {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(dir.resolve("x"), List.of(A, B), Map.of())) {
      assertThatThrownBy(() -> writer.write("b", ByteBuffer.allocate(3)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is due, not 'b'");
      assertThatThrownBy(() -> writer.write(A.name(), ByteBuffer.allocate(7)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("has 8 bytes, given 7");
      writer.write(A.name(), ByteBuffer.allocate(8));
      writer.write("b", ByteBuffer.allocate(3));
      assertThatThrownBy(() -> writer.write("b", ByteBuffer.allocate(3)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no tensor is due");
    }
    assertThatThrownBy(
            () -> SafetensorsWriter.create(dir.resolve("y"), List.of(B, B), Map.of()).close())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void saysThatTheDiskIsFull() {
    Path full = Path.of("/dev/full");
    assumeThat(full).exists();
    // A link, so that the clean-up deletes it and not the device.
    Path file = dir.resolve("x");
    assertThatThrownBy(
            () -> {
              Files.createSymbolicLink(file, full);
              SafetensorsWriter.create(file, List.of(B), Map.of()).close();
            })
        .isInstanceOf(CmoeException.class)
        .hasMessageStartingWith(file + ": cannot be written")
        .extracting(e -> ((CmoeException) e).kind())
        .isEqualTo(FailureKind.RESOURCES);
    assertThat(file).doesNotExist();
  }

  @Test
  void saysThatThePlaceCannotBeWritten() {
    assertThatThrownBy(
            () -> SafetensorsWriter.create(dir.resolve("no/x"), List.of(B), Map.of()).close())
        .isInstanceOf(CmoeException.class)
        .hasMessageContaining("no/x: cannot be written");
  }

  @Test
  void refusesShapesThatCannotBe() {
    assertThatThrownBy(() -> TensorSpec.of("x", DType.I8, -1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TensorSpec.of("x", DType.F64, Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(TensorSpec.of("x", DType.F64).bytes()).isEqualTo(8);
  }
}
