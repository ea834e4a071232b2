package dev.cmoe.finetune;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.DenseFamilies;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.OwnTensors;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Matrix;
import dev.cmoe.nn.Decoder;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A directory in the own format with random weights, of any family. */
public final class TinyCarved {
  static final int VOCABULARY = 50;
  static final int HIDDEN = 24;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What each family adds to the keys that all have. */
  private static final Map<String, String> FAMILIES =
      Map.of(
          "llama", "'mlp_bias': true, 'attention_bias': true",
          "mistral", "'sliding_window': 5",
          "qwen2", "'rms_norm_eps': 1e-6",
          "qwen3", "'head_dim': 8",
          "phi3", "'partial_rotary_factor': 0.5, 'head_dim': 8",
          "phi", "'layer_norm_eps': 1e-5, 'hidden_act': 'gelu_new', 'partial_rotary_factor': 0.7",
          "gemma", "'head_dim': 8",
          "gemma2", "'head_dim': 8, 'sliding_window': 5, 'query_pre_attn_scalar': 16",
          "gemma3_text", "'head_dim': 8, 'sliding_window': 5, 'query_pre_attn_scalar': 16",
          "olmo2", "'rms_norm_eps': 1e-6");

  private RouterKind router = RouterKind.LINEAR;
  private boolean scaled;
  private DType type = DType.F32;
  private int shared = 2;
  private int hidden = HIDDEN;
  private int width = 5;
  private String more = "";

  public static List<String> families() {
    return FAMILIES.keySet().stream().sorted().toList();
  }

  public TinyCarved router(RouterKind kind) {
    router = kind;
    return this;
  }

  public TinyCarved scaled() {
    scaled = true;
    return this;
  }

  TinyCarved stored(DType dtype) {
    type = dtype;
    return this;
  }

  public TinyCarved sharing(int slices) {
    shared = slices;
    return this;
  }

  /** So wide that rows are longer than vectors, and end between them. */
  public TinyCarved wide() {
    hidden = 312;
    width = 70;
    return this;
  }

  /** With more keys in config.json, in single quotes. */
  public TinyCarved with(String keys) {
    more = ", " + keys;
    return this;
  }

  static Decoder open(Path directory) {
    return Decoder.open(GradientEngine.get(), directory, ComputeType.FLOAT32);
  }

  /**
   * {@code count} windows of {@code length} token ids that follow a pattern which can be learned.
   */
  static List<int[]> windows(int count, int length) {
    List<int[]> windows = new ArrayList<>();
    for (int w = 0; w < count; w++) {
      SplittableRandom random = new SplittableRandom(w);
      int[] window = new int[length];
      for (int t = 0; t < length; t++) {
        window[t] =
            t == 0 || random.nextInt(10) == 0
                ? random.nextInt(VOCABULARY)
                : (window[t - 1] * 3 + 1) % VOCABULARY;
      }
      windows.add(window);
    }
    return windows;
  }

  public Path write(Path directory, String family) {
    ObjectNode dense = config(family);
    ConfigReader reader = new ConfigReader(directory.resolve("config.json"), dense);
    DecoderConfig decoder = DenseFamilies.of(reader).read(reader);
    int experts = router == RouterKind.NONE ? 0 : 6;
    MoeShape shape =
        new MoeShape(
            shared, experts == 0 ? 0 : 2, 8, experts, width, shared * width, router, scaled);
    try {
      Files.createDirectories(directory);
      Files.writeString(
          directory.resolve("config.json"),
          JSON.writeValueAsString(OwnLayout.config(dense, decoder, shape)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<TensorSpec> specs = new ArrayList<>();
    OwnTensors.of(decoder, shape)
        .forEach(
            (name, dimensions) ->
                specs.add(
                    TensorSpec.of(name, name.contains("router") ? DType.F32 : type, dimensions)));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve("model.safetensors"), specs, Map.of())) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), HalfFloats.fromFloats(values(spec), spec.dtype()));
      }
    }
    return directory;
  }

  private static float[] values(TensorSpec spec) {
    double scale =
        spec.shape().size() > 1 ? 1.2 / Math.sqrt(spec.shape().get(spec.shape().size() - 1)) : 0.3;
    float[] values =
        Matrix.random(spec.name().hashCode(), 1, Math.toIntExact(spec.elements()))
            .scaled(scale)
            .floats();
    if (spec.name().contains("norm") && spec.name().endsWith("weight")) {
      for (int i = 0; i < values.length; i++) {
        values[i] += 1;
      }
    }
    return values;
  }

  private ObjectNode config(String family) {
    String architecture =
        DenseFamilies.ALL.stream()
            .filter(each -> each.name().equals(family))
            .findFirst()
            .orElseThrow()
            .architecture();
    String text =
        ("{'model_type': '%s', 'architectures': ['%s'], 'hidden_size': %d, 'intermediate_size': %d,"
                + " 'num_hidden_layers': 3, 'num_attention_heads': 4, 'num_key_value_heads': 2,"
                + " 'vocab_size': %d, 'max_position_embeddings': 64, %s%s}")
            .formatted(
                family, architecture, hidden, 8 * width, VOCABULARY, FAMILIES.get(family), more);
    try {
      return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(Arrays.toString(e.getStackTrace()), e);
    }
  }
}
