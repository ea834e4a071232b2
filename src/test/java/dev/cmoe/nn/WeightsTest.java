package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.JoinedTensor;
import dev.cmoe.checkpoint.MadeTensor;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
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

  /** A view's tensor of stored pieces, mapped or not, and one that is made. */
  @Test
  void readsWhatAViewMakesOfStoredWeights() throws IOException {
    for (int spaces : new int[] {0, 1}) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        TinyModel model = new TinyModel().stored(type, type).write(dir);
        lengthenHeader(dir.resolve("model.safetensors"), spaces);
        try (Decoder decoder = TinyModel.open(dir);
            Scope scope = SharedEngine.get().scope()) {
          StoredTensor gate = decoder.checkpoint().tensor(NAME);
          StoredTensor up = decoder.checkpoint().tensor(NAME.replace("gate_proj", "up_proj"));
          View view =
              new View(
                  decoder.checkpoint(),
                  List.of(
                      JoinedTensor.of(
                          "some", List.of(gate.matrix(0, 3), up.matrix(4, 5)), 2, 2, 4, 7),
                      JoinedTensor.of("whole", List.of(up), 0, 16, TinyModel.HIDDEN),
                      new MadeTensor(
                          dir,
                          TensorSpec.of("made", DType.F32, 2, 2),
                          1,
                          all -> HalfFloats.fromFloats(new float[] {1, 2, 3, 4}, DType.F32))));
          for (ComputeType wanted : ComputeType.values()) {
            try (Weights weights = new Weights(decoder.engine(), view, wanted)) {
              for (String name : List.of("some", "whole", "made")) {
                ReadableTensor tensor = view.tensor(name);
                long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
                float[] due = HalfFloats.toFloats(tensor);
                assertThat(weights.loadFloat(scope, name, shape).toFloats()).containsExactly(due);
                Tensor loaded = weights.load(scope, name, shape);
                assertThat(loaded.shape()).containsExactly(shape);
                if (wanted == ComputeType.FLOAT32) {
                  assertThat(loaded.toFloats()).containsExactly(due);
                } else {
                  assertThat(loaded.toString()).doesNotContain("float32");
                }
              }
            }
          }
        }
      }
    }
  }

  private record View(Checkpoint checkpoint, List<ReadableTensor> tensors) implements TensorStore {
    @Override
    public Path directory() {
      return checkpoint.directory();
    }

    @Override
    public Path source() {
      return checkpoint.source();
    }

    @Override
    public ObjectNode config() {
      return checkpoint.config();
    }

    @Override
    public SortedSet<String> names() {
      return tensors.stream()
          .map(ReadableTensor::name)
          .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public boolean has(String name) {
      return names().contains(name);
    }

    @Override
    public ReadableTensor tensor(String name) {
      return tensors.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
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
