package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
  private static final String NAME = "model.layers.0.mlp.gate_proj.weight";

  @TempDir Path dir;

  @Test
  void readsValuesThatCannotBeMapped() throws IOException {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      TinyModel model = new TinyModel().stored(type, type).write(dir);
      lengthenHeader(dir.resolve("model.safetensors"), 1);
      try (Decoder decoder = TinyModel.open(dir);
          Scope scope = SharedEngine.get().scope()) {
        assertThat(decoder.checkpoint().tensor(NAME).fileOffset()).isOdd();
        for (Tensor loaded :
            List.of(
                decoder.weights().load(scope, NAME, 16, TinyModel.HIDDEN),
                decoder.weights().loadFloat(scope, NAME, 16, TinyModel.HIDDEN),
                decoder
                    .weights()
                    .loadStored(scope, decoder.config().layout().layer(0).inward().get(0)))) {
          assertThat(Matrix.of(loaded).distance(model.weight(NAME))).isZero();
        }
      }
    }
  }

  @Test
  void givesTheComputeTypeOrFloat32() {
    new TinyModel().stored(DType.F16, DType.F16).write(dir);
    try (Decoder decoder = TinyModel.open(dir, ComputeType.BFLOAT16);
        Scope scope = SharedEngine.get().scope()) {
      assertThat(decoder.weights().load(scope, NAME, 16, TinyModel.HIDDEN).toString())
          .doesNotContain("float32");
      assertThat(decoder.weights().loadFloat(scope, NAME, 16, TinyModel.HIDDEN))
          .hasToString("float32[16, 12]");
    }
  }

  @Test
  void stacksMatricesThatLieOneBehindTheOther() throws IOException {
    TinyModel model = new TinyModel().write(dir);
    String up = NAME.replace("gate_proj", "up_proj");
    try (Decoder decoder = TinyModel.open(dir);
        Scope scope = SharedEngine.get().scope()) {
      StoredTensor first = decoder.checkpoint().tensor(NAME);
      StoredTensor second = decoder.checkpoint().tensor(up);

      List<Tensor> one = decoder.weights().stacked(scope, List.of(first, second));
      List<Tensor> apart = decoder.weights().stacked(scope, List.of(second, first));

      assertThat(one).hasSize(1);
      Matrix both = Matrix.of(one.get(0));
      assertThat(both.rows(0, 16).distance(model.weight(NAME))).isZero();
      assertThat(both.rows(16, 16).distance(model.weight(up))).isZero();
      assertThat(apart).hasSize(2);
      assertThat(Matrix.of(apart.get(0)).distance(model.weight(up))).isZero();
      assertThat(Matrix.of(apart.get(1)).distance(model.weight(NAME))).isZero();
    }

    lengthenHeader(dir.resolve("model.safetensors"), 1);
    try (Decoder decoder = TinyModel.open(dir);
        Scope scope = SharedEngine.get().scope()) {
      List<StoredTensor> odd =
          List.of(decoder.checkpoint().tensor(NAME), decoder.checkpoint().tensor(up));
      assertThat(decoder.weights().stacked(scope, odd)).hasSize(2);
    }
  }

  @Test
  void refusesAnotherShape() {
    new TinyModel().write(dir);
    try (Decoder decoder = TinyModel.open(dir);
        Scope scope = SharedEngine.get().scope()) {
      assertThatThrownBy(() -> decoder.weights().load(scope, NAME, 16, 13))
          .isInstanceOf(CmoeException.class)
          .hasMessageContaining(NAME);
    }
  }

  /** Adds {@code spaces} to a safetensors header, so that all values move by as many bytes. */
  private static void lengthenHeader(Path file, int spaces) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) buffer.getLong(0);
    String header = new String(bytes, 8, length, StandardCharsets.UTF_8) + " ".repeat(spaces);
    ByteBuffer longer =
        ByteBuffer.allocate(bytes.length + spaces)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(length + spaces)
            .put(header.getBytes(StandardCharsets.UTF_8))
            .put(Arrays.copyOfRange(bytes, 8 + length, bytes.length));
    Files.write(file, longer.array());
  }
}
