package dev.cmoe.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.NativeOrigin;
import dev.cmoe.safetensors.DType;
import java.util.List;

/** The part of a {@code config.json} that the native architectures have in common. */
final class NativeConfig {
  /** Special tokens: what a person may set anew in a directory. */
  static final List<String> TOKENS = List.of("bos_token_id", "eos_token_id", "pad_token_id");

  private NativeConfig() {}

  /** Rope is given in both spellings: readers know the one or the other. */
  static ObjectNode of(
      ModelOutline model, ObjectNode dense, String architecture, String modelType) {
    DecoderConfig decoder = model.config();
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.putArray("architectures").add(architecture);
    config.put("model_type", modelType);
    config.put("vocab_size", decoder.vocabulary());
    config.put("hidden_size", decoder.hidden());
    config.put("num_hidden_layers", decoder.layers());
    config.put("num_attention_heads", decoder.heads());
    config.put("num_key_value_heads", decoder.keyValueHeads());
    config.put("head_dim", decoder.headDim());
    config.put("hidden_act", "silu");
    config.put("max_position_embeddings", decoder.context());
    config.put("rms_norm_eps", decoder.norm().epsilon());
    config.put("initializer_range", dense.path("initializer_range").asDouble(0.02));
    config.put("use_cache", true);
    config.put("attention_dropout", 0.0);
    rope(config, dense, model.facts().rotaryShare(), decoder.rope().theta());
    config.put("tie_word_embeddings", false);
    for (String token : TOKENS) {
      config.set(token, dense.path(token).isMissingNode() ? NullNode.instance : dense.get(token));
    }
    config.put("torch_dtype", type(dense, model.weights()));
    NativeOrigin.put(config, dense);
    return config;
  }

  private static void rope(ObjectNode config, ObjectNode dense, double share, double theta) {
    JsonNode given = dense.path("rope_scaling");
    if (!given.isObject() || given.isEmpty()) {
      given = dense.path("rope_parameters");
    }
    ObjectNode scaling =
        given.isObject() ? given.deepCopy() : JsonNodeFactory.instance.objectNode();
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    if (type.equals("su")) {
      type = "longrope";
    }
    scaling.remove(List.of("type", "rope_type", "rope_theta", "partial_rotary_factor"));
    ObjectNode parameters = config.putObject("rope_parameters");
    parameters.put("rope_type", type);
    parameters.put("rope_theta", theta);
    parameters.setAll(scaling);
    // glm4_moe takes a missing share for one half.
    parameters.put("partial_rotary_factor", share);
    config.put("rope_theta", theta);
    if (type.equals("default")) {
      config.putNull("rope_scaling");
    } else {
      config.putObject("rope_scaling").put("rope_type", type).setAll(scaling);
    }
    config.put("partial_rotary_factor", share);
    if (dense.has("original_max_position_embeddings")) {
      config.set("original_max_position_embeddings", dense.get("original_max_position_embeddings"));
    }
  }

  private static String type(ObjectNode dense, DType stored) {
    for (String key : List.of("dtype", "torch_dtype")) {
      if (dense.path(key).isTextual()) {
        return dense.get(key).textValue();
      }
    }
    return switch (stored) {
      case BF16 -> "bfloat16";
      case F16 -> "float16";
      default -> "float32";
    };
  }
}
