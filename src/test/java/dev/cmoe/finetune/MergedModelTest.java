package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.OwnModel;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import dev.cmoe.run.RunListener;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsFile;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MergedModelTest {
  private static final TrainingText TEXT = new TrainingText(TinyCarved.windows(20, 16), List.of());

  @TempDir Path dir;

  static List<String> families() {
    return TinyCarved.families();
  }

  private Trainer trained(Decoder student, Specs specs) {
    Trainer trainer =
        new Trainer(student, Optional.empty(), specs.build(), TEXT, RunListener.SILENT);
    trainer.run(new TrainingState(dir.resolve("none"), ""));
    return trainer;
  }

  private Path write(TensorStore model, String name) throws IOException {
    Path directory = Files.createDirectories(dir.resolve(name));
    Files.writeString(directory.resolve("config.json"), model.config().toString());
    List<ReadableTensor> tensors = model.names().stream().map(model::tensor).toList();
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            directory.resolve("model.safetensors"),
            tensors.stream().map(ReadableTensor::spec).toList(),
            Map.of())) {
      for (ReadableTensor tensor : tensors) {
        writer.write(tensor.name(), tensor.parts(1 << 20));
      }
    }
    return directory;
  }

  private static Matrix inTraining(TrainedModel model, List<int[]> windows) {
    try (Scope scope = model.decoder().engine().scope()) {
      Tensor x = model.embed(scope, windows);
      for (int i = 0; i < model.layers(); i++) {
        x = model.layer(scope, i).forward(scope, x).y();
      }
      return Matrix.of(x);
    }
  }

  private static Matrix inInference(Path directory, List<int[]> windows) {
    try (Decoder decoder = TinyCarved.open(directory);
        Scope scope = decoder.engine().scope()) {
      new OwnModel(decoder.checkpoint());
      Tensor x = decoder.embed(scope, windows.toArray(int[][]::new));
      for (int i = 0; i < decoder.config().layers(); i++) {
        x = decoder.layer(scope, i).forward(scope, x);
      }
      return Matrix.of(x);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void computesWhatWasTrained(String family) throws IOException {
    new TinyCarved().write(dir.resolve("model"), family);
    List<int[]> windows = TinyCarved.windows(2, 12);
    Matrix before = inInference(dir.resolve("model"), windows);
    Matrix trained;
    Path merged;
    try (Decoder student = TinyCarved.open(dir.resolve("model"));
        Trainer trainer = trained(student, new Specs().steps(3))) {
      trained = inTraining(trainer.model(), windows);
      merged = write(trainer.merged(), "merged");
    }
    Matrix after = inInference(merged, windows);

    assertThat(after.distance(trained)).isLessThan(1e-5 * after.distance(after.scaled(0)));
    assertThat(after.distance(before)).isGreaterThan(1e-2);
    try (Checkpoint written = Checkpoint.open(merged)) {
      assertThat(written.config().path("gate_type").asText()).isEqualTo("scaled");
    }
  }

  @Test
  void changesNoByteAtARateOfZero() throws IOException {
    new TinyCarved()
        .stored(DType.BF16)
        .router(RouterKind.CMOE)
        .write(dir.resolve("model"), "llama");
    Set<TrainedKind> kinds = EnumSet.of(TrainedKind.LORA, TrainedKind.GATES, TrainedKind.BIAS);
    try (Decoder student = TinyCarved.open(dir.resolve("model"));
        Trainer trainer = trained(student, new Specs().kinds(kinds).rate(0).balance(0).steps(2))) {
      TensorStore merged = trainer.merged();
      assertThat(merged.config()).isEqualTo(student.checkpoint().config());
      assertThat(merged.names()).isEqualTo(student.checkpoint().names());
      for (String name : merged.names()) {
        assertThat(merged.tensor(name).spec()).isEqualTo(student.checkpoint().tensor(name).spec());
        assertThat(merged.tensor(name).bytes())
            .as(name)
            .isEqualTo(student.checkpoint().tensor(name).bytes());
      }
    }
  }

  @Test
  void keepsTheTypeOfWeights() throws IOException {
    // Without routers: rounding would turn choices that are all but even.
    new TinyCarved()
        .stored(DType.BF16)
        .router(RouterKind.NONE)
        .write(dir.resolve("model"), "llama");
    List<int[]> windows = TinyCarved.windows(2, 12);
    try (Decoder student = TinyCarved.open(dir.resolve("model"));
        Trainer trainer = trained(student, new Specs().kinds(Set.of(TrainedKind.LORA)).steps(3))) {
      Path merged = write(trainer.merged(), "merged");
      Matrix expected = inTraining(trainer.model(), windows);
      Matrix actual = inInference(merged, windows);

      assertThat(actual.minus(expected).sumOfSquares() / expected.sumOfSquares()).isLessThan(1e-3);
      try (Checkpoint written = Checkpoint.open(merged)) {
        assertThat(written.tensor("model.layers.1.mlp.shared_expert.down_proj.weight").dtype())
            .isEqualTo(DType.BF16);
      }
    }
  }

  /** Names and shapes as PEFT 0.21 writes them; that it loads them is tested with PEFT itself. */
  @Test
  void isWrittenAsAdapters() throws IOException {
    new TinyCarved().write(dir.resolve("model"), "llama");
    Path adapter = Files.createDirectories(dir.resolve("adapter"));
    try (Decoder student = TinyCarved.open(dir.resolve("model"));
        Trainer trainer = trained(student, new Specs().steps(2))) {
      trainer.writeAdapter(trainer.merged(), adapter, Optional.of("base"));
    }
    JsonNode config = new ObjectMapper().readTree(adapter.resolve("adapter_config.json").toFile());

    assertThat(config.path("r").asInt()).isEqualTo(2);
    assertThat(config.path("lora_alpha").asDouble()).isEqualTo(8);
    assertThat(words(config.path("target_parameters")))
        .containsExactly("mlp.experts.down_proj", "mlp.experts.gate_up_proj");
    assertThat(words(config.path("target_modules")))
        .containsExactly(
            "mlp.shared_expert.down_proj",
            "mlp.shared_expert.gate_proj",
            "mlp.shared_expert.up_proj",
            "self_attn.k_proj",
            "self_attn.o_proj",
            "self_attn.q_proj",
            "self_attn.v_proj");
    try (SafetensorsFile file =
        SafetensorsFile.open(adapter.resolve("adapter_model.safetensors"))) {
      Map<String, List<Long>> shapes =
          file.tensors().stream()
              .collect(Collectors.toMap(TensorInfo::name, info -> info.spec().shape()));
      String layer = "base_model.model.model.layers.2.";
      assertThat(shapes)
          .hasSize(3 * (4 * 2 + 3 * 2 + 2 * 2 + 4))
          .containsEntry(layer + "self_attn.k_proj.lora_B.weight", List.of(12L, 2L))
          .containsEntry(layer + "mlp.experts.lora_A.weight", List.of(12L, 5L))
          .containsEntry(layer + "mlp.experts.base_layer.lora_A.weight", List.of(12L, 24L))
          .containsEntry(layer + "mlp.experts.base_layer.lora_B.weight", List.of(10L, 12L))
          .containsEntry(layer + "mlp.router.selection_bias", List.of(6L));
    }
  }

  private static List<String> words(JsonNode array) {
    List<String> words = new ArrayList<>();
    array.forEach(word -> words.add(word.asText()));
    return words;
  }
}
