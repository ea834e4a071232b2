package dev.cmoe.nn;

import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A Llama-like checkpoint of a few kilobytes with random weights, and those weights. */
public final class TinyModel {
  public static final int HIDDEN = 12;
  public static final int HEADS = 4;
  public static final int KEY_VALUE_HEADS = 2;
  public static final int HEAD_DIM = 4;
  public static final int VOCABULARY = 40;
  public static final int CONTEXT = 32;
  public static final double EPSILON = 1e-5;

  private int neurons = 16;
  private int layers = 2;
  private boolean attentionBias;
  private boolean mlpBias;
  private boolean tied;
  private double neuronScale = 0.4;
  private double downScale = 0.4;
  private DType type = DType.F32;
  private DType downType = DType.F32;
  private final Map<String, Matrix> weights = new LinkedHashMap<>();

  public TinyModel neurons(int count) {
    neurons = count;
    return this;
  }

  public TinyModel layers(int count) {
    layers = count;
    return this;
  }

  public TinyModel biased() {
    attentionBias = true;
    mlpBias = true;
    return this;
  }

  public TinyModel tied() {
    tied = true;
    return this;
  }

  /** The first layer gives infinite outputs. */
  public TinyModel exploding() {
    downScale = 1e38;
    return this;
  }

  /** The feed-forward blocks give zeros, and so do their neurons. */
  public TinyModel silent() {
    neuronScale = 0;
    downScale = 0;
    return this;
  }

  /** Stored type of all tensors but the down-projections. */
  public TinyModel stored(DType type, DType downType) {
    this.type = type;
    this.downType = downType;
    return this;
  }

  public int neurons() {
    return neurons;
  }

  public int layers() {
    return layers;
  }

  /** A weight as a float32 or, for 16-bit types, rounded matrix; vectors are one row. */
  public Matrix weight(String name) {
    return weights.get(name);
  }

  /** A weight of layer {@code i}'s feed-forward block. */
  public Matrix mlp(int i, String projection, String part) {
    return weights.get("model.layers." + i + ".mlp." + projection + "." + part);
  }

  /** Writes the checkpoint. */
  public TinyModel write(Path directory) {
    define();
    List<TensorSpec> specs = new ArrayList<>();
    weights.forEach(
        (name, value) ->
            specs.add(
                name.contains("norm") || name.endsWith("bias")
                    ? TensorSpec.of(name, typeOf(name), value.columns())
                    : TensorSpec.of(name, typeOf(name), value.rows(), value.columns())));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            Files.createDirectories(directory).resolve("model.safetensors"), specs, Map.of())) {
      for (TensorSpec spec : specs) {
        writer.write(
            spec.name(), HalfFloats.fromFloats(weights.get(spec.name()).floats(), spec.dtype()));
      }
      Files.writeString(directory.resolve("config.json"), config());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  public static Decoder open(Path directory) {
    return open(directory, ComputeType.FLOAT32);
  }

  public static Decoder open(Path directory, ComputeType type) {
    return Decoder.open(SharedEngine.get(), directory, type);
  }

  /** {@code count} windows of {@code length} token ids. */
  public static List<int[]> windows(int count, int length) {
    List<int[]> windows = new ArrayList<>();
    for (int w = 0; w < count; w++) {
      windows.add(new java.util.SplittableRandom(w).ints(length, 0, VOCABULARY).toArray());
    }
    return windows;
  }

  private void define() {
    int query = HEADS * HEAD_DIM;
    int keyValue = KEY_VALUE_HEADS * HEAD_DIM;
    put("model.embed_tokens.weight", VOCABULARY, HIDDEN, 1);
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      put(layer + "input_layernorm.weight", 1, HIDDEN, 1);
      put(layer + "self_attn.q_proj.weight", query, HIDDEN, 0.4);
      put(layer + "self_attn.k_proj.weight", keyValue, HIDDEN, 0.4);
      put(layer + "self_attn.v_proj.weight", keyValue, HIDDEN, 0.4);
      put(layer + "self_attn.o_proj.weight", HIDDEN, query, 0.2);
      if (attentionBias) {
        put(layer + "self_attn.q_proj.bias", 1, query, 0.3);
        put(layer + "self_attn.k_proj.bias", 1, keyValue, 0.3);
        put(layer + "self_attn.v_proj.bias", 1, keyValue, 0.3);
        put(layer + "self_attn.o_proj.bias", 1, HIDDEN, 0.3);
      }
      put(layer + "post_attention_layernorm.weight", 1, HIDDEN, 1);
      put(layer + "mlp.gate_proj.weight", neurons, HIDDEN, neuronScale);
      put(layer + "mlp.up_proj.weight", neurons, HIDDEN, neuronScale);
      put(layer + "mlp.down_proj.weight", HIDDEN, neurons, downScale);
      if (mlpBias) {
        put(layer + "mlp.gate_proj.bias", 1, neurons, 0.3);
        put(layer + "mlp.up_proj.bias", 1, neurons, 0.3);
        put(layer + "mlp.down_proj.bias", 1, HIDDEN, 0.3);
      }
    }
    put("model.norm.weight", 1, HIDDEN, 1);
    if (!tied) {
      put("lm_head.weight", VOCABULARY, HIDDEN, 0.5);
    }
  }

  private void put(String name, int rows, int columns, double scale) {
    Matrix values = Matrix.random(name.hashCode(), rows, columns).scaled(scale);
    float[] stored = values.floats();
    DType as = typeOf(name);
    HalfFloats.toFloats(HalfFloats.fromFloats(stored, as), as, stored, 0, stored.length);
    double[][] rounded = new double[rows][columns];
    for (int i = 0; i < stored.length; i++) {
      rounded[i / columns][i % columns] = stored[i];
    }
    weights.put(name, new Matrix(rounded));
  }

  private DType typeOf(String name) {
    return name.contains("down_proj") ? downType : type;
  }

  private String config() {
    return """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": %d,
         "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": %d, "head_dim": %d, "vocab_size": %d,
         "max_position_embeddings": %d, "rms_norm_eps": %s, "attention_bias": %s,
         "mlp_bias": %s, "tie_word_embeddings": %s, "rope_theta": 10000.0}
        """
        .formatted(
            HIDDEN,
            neurons,
            layers,
            HEADS,
            KEY_VALUE_HEADS,
            HEAD_DIM,
            VOCABULARY,
            CONTEXT,
            EPSILON,
            attentionBias,
            mlpBias,
            tied);
  }
}
