package dev.cmoe.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.DenseFamilies;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.OwnTensors;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsFile;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorInfo;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** From the own format into a native one and back, for every family that the format holds. */
class OriginalModelTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SafetensorsFormat GLM4 = new Glm4MoeFormat();
  private static final List<SafetensorsFormat> NATIVE =
      List.of(GLM4, new GraniteMoeSharedFormat(), new MixtralFormat(), new Qwen2MoeFormat());

  /** Families by what they add to the keys that all have. */
  private static final Map<String, String> FAMILIES =
      Map.of(
          "llama", "'rope_theta': 5e5",
          "llama with biases", "'attention_bias': true",
          "mistral", "'sliding_window': null",
          "mistral with a window", "'sliding_window': 5",
          "qwen2", "'tie_word_embeddings': true",
          "qwen2 with a window",
              "'use_sliding_window': true, 'sliding_window': 5, 'max_window_layers': 1",
          "qwen3", "'head_dim': 8, 'tie_word_embeddings': true",
          "phi3", "'tie_word_embeddings': true",
          "phi3 in part", "'partial_rotary_factor': 0.5, 'head_dim': 8");

  @TempDir Path dir;

  /** A model in the own format, of experts of 5 neurons, S2A{active}E8. */
  private Path own(String family, DType type, int experts, int active, boolean biased) {
    ObjectNode dense = config(family);
    ConfigReader reader = new ConfigReader(dir.resolve("config.json"), dense);
    DecoderConfig decoder = DenseFamilies.of(reader).read(reader);
    int always = 8 - experts;
    MoeShape shape =
        new MoeShape(always, active, 8, experts, 5, 5 * always, RouterKind.LINEAR, false);
    Path directory = dir.resolve("own");
    List<TensorSpec> specs = new ArrayList<>();
    OwnTensors.of(decoder, shape)
        .forEach(
            (name, dimensions) ->
                specs.add(
                    TensorSpec.of(name, name.contains("router") ? DType.F32 : type, dimensions)));
    try {
      Files.createDirectories(directory);
      Files.writeString(
          directory.resolve("config.json"), OwnLayout.config(dense, decoder, shape).toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SplittableRandom random = new SplittableRandom(3);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve("model.safetensors"), specs, Map.of())) {
      for (TensorSpec spec : specs) {
        float[] values = new float[Math.toIntExact(spec.elements())];
        boolean zero = spec.name().contains("router") && spec.name().endsWith("bias") && !biased;
        for (int i = 0; i < values.length && !zero; i++) {
          values[i] = (float) random.nextGaussian();
        }
        writer.write(spec.name(), HalfFloats.fromFloats(values, spec.dtype()));
      }
    }
    return directory;
  }

  private static ObjectNode config(String family) {
    String name = family.split(" ")[0];
    String architecture =
        DenseFamilies.ALL.stream()
            .filter(each -> each.name().equals(name))
            .findFirst()
            .orElseThrow()
            .architecture();
    String text =
        ("{'model_type': '%s', 'architectures': ['%s'], 'hidden_size': 24, 'intermediate_size': 40,"
                + " 'num_hidden_layers': 2, 'num_attention_heads': 4, 'num_key_value_heads': 2,"
                + " 'vocab_size': 50, 'max_position_embeddings': 64, 'eos_token_id': 7, %s}")
            .formatted(name, architecture, FAMILIES.get(family));
    return (ObjectNode) tree(text.replace('\'', '"'));
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path write(SafetensorsFormat format, TensorStore model, String name) throws IOException {
    Path directory = Files.createDirectories(dir.resolve(name));
    CarvedSource source = new CarvedSource(model);
    assertThat(format.refusal(source.outline())).isEmpty();
    try (Stage stage = stage()) {
      format.write(source, directory, 20_000, stage);
    }
    return directory;
  }

  private static Stage stage() {
    return Stage.start(RunListener.SILENT, "", "", 0);
  }

  private static TensorStore original(SafetensorsFormat format, Checkpoint written) {
    TensorStore original = format.original(written);
    try (Stage stage = stage()) {
      format.requireWritten(original, written, stage);
    }
    return original;
  }

  private static void assertSameFiles(Path actual, Path expected) throws IOException {
    try (Stream<Path> files = Files.list(expected)) {
      for (Path file : files.toList()) {
        assertThat(actual.resolve(file.getFileName())).hasSameBinaryContentAs(file);
      }
    }
  }

  static Stream<Arguments> holders() {
    List<Arguments> all = new ArrayList<>();
    for (SafetensorsFormat format : NATIVE) {
      for (String family : FAMILIES.keySet().stream().sorted().toList()) {
        ObjectNode dense = config(family);
        ConfigReader reader = new ConfigReader(Path.of("config.json"), dense);
        DecoderConfig decoder = DenseFamilies.of(reader).read(reader);
        MoeShape shape = new MoeShape(2, 2, 8, 6, 5, 10, RouterKind.LINEAR, false);
        ModelOutline outline = new ModelOutline(decoder, shape, false, DType.F32);
        if (format.refusal(outline).isEmpty()) {
          all.add(Arguments.of(format.id().id(), family, format));
        }
      }
    }
    assertThat(all).hasSize(6 + 5 + 4 + 6);
    return all.stream();
  }

  /** With 2 experts active nothing is rounded, so every tensor comes back. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("holders")
  void isWhatWasWritten(String id, String family, SafetensorsFormat format) throws IOException {
    boolean biased = format == GLM4;
    Path own = own(family, DType.BF16, 6, 2, biased);
    try (Checkpoint model = Checkpoint.open(own);
        Checkpoint written = Checkpoint.open(write(format, model, "native"))) {
      TensorStore original = original(format, written);

      assertThat(original.names()).isEqualTo(model.names());
      assertThat(original.config()).isEqualTo(model.config());
      for (String name : model.names()) {
        ReadableTensor tensor = original.tensor(name);
        assertThat(tensor.spec()).as(name).satisfies(spec -> sameForm(spec, model.tensor(name)));
        if (!biased || !name.endsWith("bias") || !name.contains("router")) {
          assertThat(tensor.bytes()).as(name).isEqualTo(model.tensor(name).bytes());
        }
      }
      assertSameFiles(write(format, original, "again"), written.directory());
    }
  }

  private static void sameForm(TensorSpec actual, ReadableTensor expected) {
    assertThat(actual.dtype()).isEqualTo(expected.dtype());
    assertThat(actual.shape()).isEqualTo(expected.shape());
  }

  @Test
  void oneBiasIsBoth() throws IOException {
    Path own = own("llama", DType.F32, 6, 2, true);
    try (Checkpoint model = Checkpoint.open(own);
        Checkpoint written = Checkpoint.open(write(GLM4, model, "native"))) {
      TensorStore original = original(GLM4, written);
      String bias = OwnLayout.router(new LayerNames(1), "bias");
      String selection = OwnLayout.router(new LayerNames(1), "selection_bias");
      float[] router = HalfFloats.toFloats(model.tensor(bias));
      float[] balance = HalfFloats.toFloats(model.tensor(selection));
      float[] both = HalfFloats.toFloats(original.tensor(bias));

      for (int e = 0; e < both.length; e++) {
        assertThat(both[e]).isEqualTo(router[e] + balance[e]);
      }
      assertThat(HalfFloats.toFloats(original.tensor(selection))).containsOnly(0);
    }
  }

  /** Times 3 several weights round to one, so only what is written must come back. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void whatRoundsIsWrittenAgainAsItWas(DType type) throws IOException {
    Path own = own("llama", type, 6, 3, false);
    for (SafetensorsFormat format : NATIVE) {
      String id = format.id().id();
      try (Checkpoint model = Checkpoint.open(own);
          Checkpoint written = Checkpoint.open(write(format, model, id))) {
        assertSameFiles(
            write(format, original(format, written), id + "-again"), written.directory());
      }
    }
  }

  /** One routed expert, beside which glm4_moe needs a dummy. */
  @Test
  void leavesDummiesOut() throws IOException {
    Path own = own("phi3 in part", DType.F16, 1, 1, true);
    try (Checkpoint model = Checkpoint.open(own);
        Checkpoint written = Checkpoint.open(write(GLM4, model, "native"))) {
      TensorStore original = original(GLM4, written);

      assertThat(written.config().path("n_routed_experts").asInt()).isEqualTo(2);
      assertThat(original.names()).isEqualTo(model.names());
      assertSameFiles(write(GLM4, original, "again"), written.directory());
    }
  }

  @Test
  void keepsSpecialTokensThatWereSetSince() throws IOException {
    Path own = own("llama", DType.F32, 6, 2, true);
    try (Checkpoint model = Checkpoint.open(own)) {
      Path directory = write(GLM4, model, "native");
      change(directory, config -> config.put("eos_token_id", 9));
      try (Checkpoint written = Checkpoint.open(directory)) {
        assertThat(original(GLM4, written).config().path("eos_token_id").asInt()).isEqualTo(9);
      }
    }
  }

  private interface Change {
    void make(ObjectNode config);
  }

  private static void change(Path directory, Change change) throws IOException {
    Path file = directory.resolve("config.json");
    ObjectNode config = (ObjectNode) tree(Files.readString(file));
    change.make(config);
    Files.writeString(file, config.toString());
  }

  @Test
  void refusesAConfigurationThatWasChanged() throws IOException {
    Path own = own("llama", DType.F32, 6, 2, true);
    try (Checkpoint model = Checkpoint.open(own)) {
      Path directory = write(GLM4, model, "native");
      change(directory, config -> config.put("rope_theta", 1e6));
      assertRefused(GLM4, directory, "config.json", "'rope_theta' is 1000000.0");
    }
  }

  /** Zeros that fill up, a bias that is none, a tied head, a copy of a shared neuron. */
  @Test
  void refusesWeightsThatWereChanged() throws IOException {
    Path own = own("qwen3", DType.F32, 6, 2, true);
    try (Checkpoint model = Checkpoint.open(own)) {
      String mlp = "model.layers.1.mlp.";
      for (String name :
          List.of(
              "lm_head.weight",
              "model.layers.0.self_attn.v_proj.bias",
              mlp + "experts.3.up_proj.weight",
              mlp + "experts.3.down_proj.weight",
              mlp + "shared_experts.gate_proj.weight")) {
        Path directory = write(GLM4, model, "native");
        poisonLast(directory, name);
        assertRefused(GLM4, directory, "'" + name + "'", "is not as cmoe wrote it");
      }
    }
    own("llama", DType.F32, 6, 2, false);
    try (Checkpoint model = Checkpoint.open(own)) {
      SafetensorsFormat mixtral = new MixtralFormat();
      Path directory = write(mixtral, model, "mixtral");
      // 5 neurons of the expert's own come before the copies of 10 shared ones.
      poison(directory, "model.layers.1.block_sparse_moe.experts.5.w2.weight", 4 * (5 + 3));
      assertRefused(mixtral, directory, "experts.5.w2", "is not as cmoe wrote it");
    }
  }

  private static void assertRefused(SafetensorsFormat format, Path directory, String... parts) {
    try (Checkpoint written = Checkpoint.open(directory)) {
      assertThatThrownBy(() -> original(format, written))
          .isInstanceOfSatisfying(
              CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNSUPPORTED))
          .hasMessageContainingAll(parts)
          .hasMessageContaining("carve with --format cmoe");
    }
  }

  private static void poisonLast(Path directory, String name) throws IOException {
    poison(directory, name, -4);
  }

  /** Sets the float at byte {@code at} of a tensor, from the end where that is negative. */
  private static void poison(Path directory, String name, int at) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".safetensors")).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
          if (weights.find(name).isEmpty()) {
            continue;
          }
          TensorInfo info = weights.find(name).orElseThrow();
          int place = Math.toIntExact(at < 0 ? info.end() + at : info.offset() + at);
          ByteBuffer.wrap(bytes).putInt(place, 0x01020304);
        }
        Files.write(file, bytes);
        return;
      }
    }
    throw new AssertionError(name);
  }
}
