package dev.cmoe.arch;

import java.util.ArrayList;
import java.util.List;

/** Where the weights of one dense decoder layer lie. */
public final class LayerLayout {
  private final DecoderConfig config;
  private final String prefix;

  LayerLayout(DecoderConfig config, int index) {
    this.config = config;
    this.prefix = new LayerNames(index).prefix();
  }

  private long query() {
    return (long) config.heads() * config.headDim();
  }

  private long keyValue() {
    return (long) config.keyValueHeads() * config.headDim();
  }

  /** Before the attention: none, weight [d], or weight and bias. */
  public List<TensorPart> inputNorm() {
    return config.residual().normsInputs() ? norm("input_layernorm") : List.of();
  }

  /** Wq [H·D,d], Wk and Wv [K·D,d], Wo [d,H·D]. */
  public List<TensorPart> projections() {
    long hidden = config.hidden();
    if (config.naming() == Naming.FUSED) {
      String fused = prefix + "self_attn.qkv_proj.weight";
      long all = query() + 2 * keyValue();
      return List.of(
          TensorPart.rows(fused, all, 0, query(), hidden),
          TensorPart.rows(fused, all, query(), keyValue(), hidden),
          TensorPart.rows(fused, all, query() + keyValue(), keyValue(), hidden),
          attention("o_proj.weight", hidden, query()));
    }
    return List.of(
        attention("q_proj.weight", query(), hidden),
        attention("k_proj.weight", keyValue(), hidden),
        attention("v_proj.weight", keyValue(), hidden),
        attention(outputProjection() + ".weight", hidden, query()));
  }

  /** Wk and Wv of {@link #projections}. */
  public List<TensorPart> keysAndValues() {
    return projections().subList(1, 3);
  }

  /** None, those of query, key and value, or of all four projections. */
  public List<TensorPart> biases() {
    List<TensorPart> biases = new ArrayList<>();
    if (config.attention().inputBias()) {
      biases.add(attention("q_proj.bias", query()));
      biases.add(attention("k_proj.bias", keyValue()));
      biases.add(attention("v_proj.bias", keyValue()));
    }
    if (config.attention().outputBias()) {
      biases.add(attention(outputProjection() + ".bias", config.hidden()));
    }
    return biases;
  }

  /** None, or the weights of the norms of queries and of keys: [D], or [H·D] and [K·D]. */
  public List<TensorPart> headNorms() {
    return switch (config.attention().headNorm()) {
      case NONE -> List.of();
      case EACH ->
          List.of(
              attention("q_norm.weight", config.headDim()),
              attention("k_norm.weight", config.headDim()));
      case ALL ->
          List.of(attention("q_norm.weight", query()), attention("k_norm.weight", keyValue()));
    };
  }

  /** Of the attention's output: none or [d]. */
  public List<TensorPart> afterAttentionNorm() {
    return config.residual().normsOutputs() ? norm("post_attention_layernorm") : List.of();
  }

  /** Before the feed-forward block: none, weight [d], or weight and bias. */
  public List<TensorPart> feedForwardNorm() {
    return switch (config.residual()) {
      case PRE_NORM -> norm("post_attention_layernorm");
      case SANDWICH -> norm("pre_feedforward_layernorm");
      case POST_NORM -> List.of();
      case PARALLEL -> inputNorm();
    };
  }

  /** Of the feed-forward output: none or [d]. */
  public List<TensorPart> afterFeedForwardNorm() {
    return config.residual().normsOutputs() ? norm("post_feedforward_layernorm") : List.of();
  }

  /** Wgate and Wup [d_ff,d], or Wup alone. */
  public List<TensorPart> inward() {
    long width = config.intermediate();
    long hidden = config.hidden();
    return switch (config.naming()) {
      case FUSED -> {
        String fused = prefix + "mlp.gate_up_proj.weight";
        yield List.of(
            TensorPart.rows(fused, 2 * width, 0, width, hidden),
            TensorPart.rows(fused, 2 * width, width, width, hidden));
      }
      case PHI -> List.of(mlp("fc1.weight", width, hidden));
      case LLAMA ->
          List.of(mlp("gate_proj.weight", width, hidden), mlp("up_proj.weight", width, hidden));
    };
  }

  /** None, or the biases of {@link #inward}, [d_ff] each. */
  public List<TensorPart> inwardBiases() {
    if (!config.feedForward().bias()) {
      return List.of();
    }
    long width = config.intermediate();
    return config.naming() == Naming.PHI
        ? List.of(mlp("fc1.bias", width))
        : List.of(mlp("gate_proj.bias", width), mlp("up_proj.bias", width));
  }

  /** Wdown [d,d_ff]. */
  public TensorPart down() {
    return mlp(outward() + ".weight", config.hidden(), config.intermediate());
  }

  /** None, or the bias of {@link #down}, [d]. */
  public List<TensorPart> downBias() {
    return config.feedForward().bias()
        ? List.of(mlp(outward() + ".bias", config.hidden()))
        : List.of();
  }

  /** Everything but the feed-forward block, in the order of the forward pass. */
  public List<TensorPart> kept() {
    List<TensorPart> parts = new ArrayList<>(inputNorm());
    parts.addAll(projections());
    parts.addAll(biases());
    parts.addAll(headNorms());
    parts.addAll(afterAttentionNorm());
    if (config.residual() != Residual.PARALLEL) {
      parts.addAll(feedForwardNorm());
    }
    parts.addAll(afterFeedForwardNorm());
    return parts;
  }

  /** The feed-forward block. */
  public List<TensorPart> block() {
    List<TensorPart> parts = new ArrayList<>(inward());
    parts.add(down());
    parts.addAll(inwardBiases());
    parts.addAll(downBias());
    return parts;
  }

  private String outputProjection() {
    return config.naming() == Naming.PHI ? "dense" : "o_proj";
  }

  private String outward() {
    return config.naming() == Naming.PHI ? "fc2" : "down_proj";
  }

  private TensorPart attention(String name, long... shape) {
    return TensorPart.whole(prefix + "self_attn." + name, shape);
  }

  private TensorPart mlp(String name, long... shape) {
    return TensorPart.whole(prefix + "mlp." + name, shape);
  }

  private List<TensorPart> norm(String name) {
    return DecoderLayout.norm(config, prefix + name);
  }
}
