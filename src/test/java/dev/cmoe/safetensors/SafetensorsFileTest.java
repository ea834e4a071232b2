package dev.cmoe.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsFileTest {
  @TempDir Path dir;

  @Test
  void readsTensorsInTheOrderOfTheirBytes() throws IOException {
    Path file =
        file(
            """
            {"b":{"dtype":"I8","shape":[2],"data_offsets":[8,10]},
             "__metadata__":{"format":"pt","a":"\\u00e9\\n\\"\\ud83d\\ude00"},
             "e":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},
             "a":{"shape":[2,2],"data_offsets":[0,8],"dtype":"BF16"}}   \
            """,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10);

    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.tensors()).extracting(TensorInfo::name).containsExactly("a", "e", "b");
      assertThat(read.metadata()).isEqualTo(Map.of("format", "pt", "a", "é\n\"😀"));
      TensorInfo a = read.find("a").orElseThrow();
      assertThat(a.dtype()).isEqualTo(DType.BF16);
      assertThat(a.shape()).containsExactly(2L, 2L);
      assertThat(a.offset()).isEqualTo(read.dataStart());
      assertThat(read.bytes(a).getShort(2)).isEqualTo((short) 0x0403);
      assertThat(read.bytes(a).isReadOnly()).isTrue();
      assertThat(read.rows(a, 1, 1).getInt()).isEqualTo(0x08070605);
      assertThat(read.bytes(read.find("e").orElseThrow()).remaining()).isZero();
      assertThat(read.bytes(read.find("b").orElseThrow()).get(1)).isEqualTo((byte) 10);
      assertThat(read.find("c")).isEmpty();
      assertThat(read.size()).isEqualTo(Files.size(file));
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void knowsEveryType(DType dtype) throws IOException {
    Path file = file(entry("x", dtype.name(), "[1]", 0, dtype.bytes()), new int[dtype.bytes()]);
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      assertThat(read.tensors().get(0).dtype()).isEqualTo(dtype);
      assertThat(dtype.isFloat()).isEqualTo(dtype.name().contains("F"));
    }
  }

  @Test
  void sharesWindowsAmongSmallTensorsAndMapsLargeOnesAlone() throws IOException {
    Path file = dir.resolve("many.safetensors");
    List<TensorSpec> specs = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      specs.add(TensorSpec.of("t" + i, DType.I32, i == 100 ? 5000 : 37));
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of())) {
      for (int i = 0; i < specs.size(); i++) {
        ByteBuffer bytes = ByteBuffer.allocate((int) specs.get(i).bytes());
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
          bytes.putInt(i);
        }
        writer.write("t" + i, bytes.flip());
      }
    }
    SafetensorsFile read = SafetensorsFile.open(file, 8192);
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < specs.size(); i++) {
        ByteBuffer bytes = read.bytes(read.find("t" + i).orElseThrow());
        assertThat(bytes.remaining()).isEqualTo((int) specs.get(i).bytes());
        while (bytes.hasRemaining()) {
          assertThat(bytes.getInt()).isEqualTo(i);
        }
      }
    }
    assertThat(read.windowCount()).isLessThan(20);
    TensorInfo first = read.tensors().get(0);
    ByteBuffer kept = read.bytes(first);
    read.close();
    assertThat(kept.getInt()).isZero();
    assertThatThrownBy(() -> read.bytes(first)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsBeyondTwoGigabytesByRows() throws IOException {
    long rows = 3_000_000;
    Path file = dir.resolve("sparse.safetensors");
    String header = entry("x", "F32", "[" + rows + ",256]", 0, rows * 1024);
    Files.write(file, bytes(header));
    try (var channel = Files.newByteChannel(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.position(channel.size() + rows * 1024 - 4);
      channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
    }
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      TensorInfo x = read.tensors().get(0);
      assertThat(x.bytes()).isGreaterThan(Integer.MAX_VALUE);
      assertThatThrownBy(() -> read.bytes(x)).isInstanceOf(IllegalArgumentException.class);
      assertThat(read.rows(x, rows - 1, 1).getInt(1020)).isEqualTo(0x04030201);
      ByteBuffer half = read.rows(x, rows / 2, rows / 2);
      assertThat(half.getInt(half.limit() - 4)).isEqualTo(0x04030201);
      assertThatThrownBy(() -> read.rows(x, rows - 1, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    refuses(dir.resolve("none"), "no such file");
    refuses(dir, "is a directory");
    refuses(raw(1, 2, 3), "has 3 bytes, too few for the 8-byte header length");
    refuses(raw(100, 0, 0, 0, 0, 0, 0, 0, '{', '}'), "98 bytes of the header are missing");
    refuses(raw(0, 0, 0, 0, 1, 0, 0, 0, '{', '}'), "header length at byte 0 is 4294967296 bytes");
    refuses(raw(-1, -1, -1, -1, -1, -1, -1, -1), "18446744073709551615 bytes, above the limit");
    Path pointer = dir.resolve("pointer");
    Files.writeString(pointer, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    refuses(pointer, "Git LFS pointer", "git lfs pull");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "[]|8|'{' expected",
        "{\"a\"}|12|':' expected",
        "{\"a\":{\"dtype\":\"I8\",}}|27|a string expected",
        "{\"a\":{\"dtype\":1}}|22|a string expected",
        "{\"a\":{\"shape\":[1.5]}}|23|an integer expected",
        "{\"a\":{\"shape\":[01]}}|23|an integer expected",
        "{\"a\":{\"shape\":[99999999999999999999]}}|23|out of range",
        "{\"a\":{\"shape\":[1|24|']' expected",
        "{\"a\":{\"kind\":1}}|21|the tensor 'a' has an unknown field 'kind'",
        "{\"a\":{\"dtype\":\"I8\"}}|27|the tensor 'a' has no field 'shape'",
        "{\"a|11|a string without its end",
        "{\"\\q\":1}|12|an unknown escape",
        "{\"\\u12g4\":1}|14|four hexadecimal digits",
        "{\"\\ud800\":{}}|17|half of a surrogate pair",
        "{} x|11|text after the closing brace",
        "{\"__metadata__\":{\"a\":1}}|29|a string expected",
        "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}|38|a second metadata entry 'a'",
      })
  void namesTheByteAtWhichTheHeaderIsWrong(String header, int position, String what)
      throws IOException {
    refuses(file(header), "not valid at byte " + position + ": ", what);
  }

  @Test
  void refusesTextThatIsNotUtf8() throws IOException {
    refuses(raw(5, 0, 0, 0, 0, 0, 0, 0, '{', '"', 0xff, '"', '}'), "not UTF-8");
    refuses(raw(5, 0, 0, 0, 0, 0, 0, 0, '{', '"', 0x0a, '"', '}'), "at byte 10: a control");
  }

  @Test
  void refusesTwoTensorsOfOneName() throws IOException {
    String a = "\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}";
    refuses(file("{" + a + "," + a + "}", 0), "a second entry for the tensor 'a'");
  }

  @Test
  void namesTheTensorWhoseTypeOrShapeIsWrong() throws IOException {
    refuses(file(entry("a", "F4", "[1]", 0, 1), 0), "tensor 'a' at byte", "unknown dtype 'F4'");
    refuses(file(entry("a", "I8", "[-1]", 0, 1), 0), "tensor 'a' at byte", "negative dimension");
    refuses(file(entry("a", "F64", "[4611686018427387904]", 0, 1), 0), "tensor 'a'", "too large");
    refuses(file(entry("a", "I8", "[4294967296,4294967296]", 0, 1), 0), "tensor 'a'", "too large");
    refuses(
        file(entry("a", "F32", "[2]", 0, 4), 0, 0, 0, 0),
        "tensor 'a' at byte",
        "shape [2] of F32 needs 8 bytes, its offsets give 4");
  }

  @Test
  void namesTheTensorWhoseOffsetsAreWrong() throws IOException {
    refuses(file(entry("a", "I8", "[1]", 1, 0), 0), "tensor 'a' has offsets [1, 0]");
    refuses(file(entry("a", "I8", "[1]", -1, 0), 0), "tensor 'a' has offsets [-1, 0]");
    long max = Long.MAX_VALUE;
    refuses(file(entry("a", "I8", "[1]", max - 1, max), 0), "tensor 'a'", "beyond the end");
    refuses(
        file(entry("a", "I8", "[100]", 0, 100), 1, 2, 3),
        "tensor 'a' at byte",
        "97 bytes are missing; the file is truncated");
  }

  @Test
  void refusesOverlapHoleAndRest() throws IOException {
    String two =
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]},"
            + "\"b\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[%d,%d]}}";
    refuses(file(two.formatted(1, 2), 0, 0), "tensor 'b' at byte", "overlaps tensor 'a'");
    refuses(file(two.formatted(3, 4), 0, 0, 0, 0), "tensor 'b'", "a hole of 1 bytes before it");
    refuses(file(two.formatted(2, 3), 0, 0, 0, 0), "1 bytes from byte", "belong to no tensor");
    refuses(file(entry("a", "I8", "[1]", 5, 6), 0, 0, 0, 0, 0, 0), "hole of 5 bytes");
  }

  @Test
  void keepsMessagesOnOneLine() throws IOException {
    refuses(file(entry("a\\nb", "F4", "[1]", 0, 1), 0), "tensor 'a?b'");
  }

  private void refuses(Path file, String... parts) {
    assertThatThrownBy(() -> SafetensorsFile.open(file).close())
        .isInstanceOf(CmoeException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContainingAll(parts)
        .hasMessageNotContaining("\n")
        .extracting(e -> ((CmoeException) e).kind())
        .isEqualTo(FailureKind.BAD_INPUT);
  }

  private static String entry(String name, String dtype, String shape, long begin, long end) {
    return "{\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}}"
        .formatted(name, dtype, shape, begin, end);
  }

  private Path file(String header, int... data) throws IOException {
    byte[] start = bytes(header);
    ByteBuffer all = ByteBuffer.allocate(start.length + data.length).put(start);
    for (int b : data) {
      all.put((byte) b);
    }
    return write(all.array());
  }

  private Path raw(int... bytes) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(bytes.length);
    for (int b : bytes) {
      all.put((byte) b);
    }
    return write(all.array());
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(Files.createTempFile(dir, "x", ".safetensors"), bytes);
  }

  private static byte[] bytes(String header) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }
}
