package dev.cmoe.arch;

/**
 * Llama 1 to 3 and whatever calls itself so: RMSNorm, rotary attention with shared key-value heads,
 * SwiGLU.
 */
final class LlamaFamily implements DenseFamily {
  @Override
  public String name() {
    return "llama";
  }

  @Override
  public String architecture() {
    return "LlamaForCausalLM";
  }

  @Override
  public DecoderConfig read(ConfigReader config) {
    String activation = config.text("hidden_act", "silu");
    if (!activation.equals("silu") && !activation.equals("swish")) {
      throw config.unsupported(
          "activation '" + activation + "' is not supported for llama; silu is");
    }
    int hidden = config.positive("hidden_size");
    int heads = config.positive("num_attention_heads");
    int keyValueHeads = config.positive("num_key_value_heads", heads);
    if (heads % keyValueHeads != 0) {
      throw config.bad(
          "num_key_value_heads " + keyValueHeads + " does not divide num_attention_heads " + heads);
    }
    if (!config.has("head_dim") && hidden % heads != 0) {
      throw config.bad(
          "num_attention_heads "
              + heads
              + " does not divide hidden_size "
              + hidden
              + " and head_dim is not given");
    }
    int headDim = config.positive("head_dim", hidden / heads);
    if (headDim % 2 != 0) {
      throw config.bad("head_dim " + headDim + " is odd; rotary embedding needs pairs");
    }
    return new DecoderConfig(
        name(),
        hidden,
        config.positive("intermediate_size"),
        config.positive("num_hidden_layers"),
        heads,
        keyValueHeads,
        headDim,
        config.positive("vocab_size"),
        config.positive("max_position_embeddings", 2048),
        config.number("rms_norm_eps", 1e-6),
        config.flag("attention_bias", false),
        config.flag("mlp_bias", false),
        config.flag("tie_word_embeddings", false),
        RopeSpec.read(config));
  }
}
