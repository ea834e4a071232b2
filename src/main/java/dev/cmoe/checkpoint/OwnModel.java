package dev.cmoe.checkpoint;

import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.OwnTensors;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A carved model in the own format: its tensors by what they are. Opening it checks that every one
 * is there in its shape and no other is. Weights are read as the bytes they are stored in.
 */
public final class OwnModel {
  private final TensorStore tensors;
  private final DecoderConfig config;
  private final MoeShape shape;

  /**
   * @throws CmoeException of kind BAD_INPUT or UNSUPPORTED, the latter for another format
   */
  public OwnModel(TensorStore tensors) {
    this.tensors = tensors;
    Path file = tensors.directory().resolve("config.json");
    ConfigReader reader = new ConfigReader(file, tensors.config());
    if (!OwnLayout.matches(reader)) {
      throw CmoeException.unsupported(
          file
              + ": model_type '"
              + reader.text("model_type", "")
              + "' is no carved model, which alone is exported; carve it first, or again from a saved"
              + " plan with --plan and --format");
    }
    this.config = OwnLayout.decoder(reader);
    this.shape = OwnLayout.shape(reader);
    requireTensors();
  }

  private void requireTensors() {
    tensors.requireExactly(OwnTensors.of(config, shape));
    for (int i = 0; i < config.layers(); i++) {
      if (shape.sharedWidth() > 0 && shape.experts() > 0) {
        for (String projection : OwnLayout.inward(config.feedForward())) {
          pairs(i).requireTypeOf(shared(i, projection).orElseThrow());
        }
        downs(i).requireTypeOf(shared(i, "down_proj").orElseThrow());
      }
    }
  }

  /**
   * Whether some router's biases take part in the choice; those that all experts have alike do not.
   */
  public boolean routerBiased() {
    for (int i = 0; i < config.layers() && shape.router() == RouterKind.LINEAR; i++) {
      for (float bias : routerBias(i)) {
        if (bias != routerBias(i)[0]) {
          return true;
        }
      }
    }
    return false;
  }

  public TensorStore tensors() {
    return tensors;
  }

  /** Of the dense decoder that was carved. */
  public DecoderConfig config() {
    return config;
  }

  public MoeShape shape() {
    return shape;
  }

  /** [V,d]. */
  public ReadableTensor embedding() {
    return tensors.tensor(config.layout().embedding());
  }

  /** [d]. */
  public ReadableTensor finalNorm() {
    return tensors.tensor(config.layout().finalNorm().get(0));
  }

  /** The output projection [V,d]: the embedding where it is tied. */
  public ReadableTensor head() {
    return tensors.tensor(config.layout().head());
  }

  /** The norm before attention [d]. */
  public ReadableTensor inputNorm(int layer) {
    return tensors.tensor(config.layout().layer(layer).inputNorm().get(0));
  }

  /** The norm before the feed-forward block [d]. */
  public ReadableTensor feedForwardNorm(int layer) {
    return tensors.tensor(config.layout().layer(layer).feedForwardNorm().get(0));
  }

  /** The weight of q_proj, k_proj or v_proj, [rows,d], or of o_proj, [d,heads·headDim]. */
  public ReadableTensor attention(int layer, String projection) {
    int index = LayerNames.ATTENTION_PROJECTIONS.indexOf(projection);
    return tensors.tensor(config.layout().layer(layer).projections().get(index));
  }

  /** The bias of q_proj, k_proj, v_proj or o_proj, if there is one. */
  public Optional<ReadableTensor> attentionBias(int layer, String projection) {
    String name = new LayerNames(layer).attention(projection, "bias");
    return tensors.has(name)
        ? Optional.of(tensors.tensor(name, attentionRows(projection)))
        : Optional.empty();
  }

  /** Rows of the weight of a projection, and of its bias. */
  public long attentionRows(String projection) {
    return switch (projection) {
      case "q_proj" -> (long) config.heads() * config.headDim();
      case "o_proj" -> config.hidden();
      default -> (long) config.keyValueHeads() * config.headDim();
    };
  }

  /** The norm on each head's queries or keys, q_norm or k_norm, if there is one. */
  public Optional<ReadableTensor> headNorm(int layer, String norm) {
    String name = new LayerNames(layer).prefix() + "self_attn." + norm + ".weight";
    return tensors.has(name)
        ? Optional.of(tensors.tensor(name, config.headDim()))
        : Optional.empty();
  }

  /**
   * A projection of the shared expert, gate_proj or up_proj [s,d] or down_proj [d,s]; empty when
   * nothing is shared.
   */
  public Optional<ReadableTensor> shared(int layer, String projection) {
    return shape.sharedWidth() == 0
        ? Optional.empty()
        : Optional.of(
            tensors.tensor(OwnLayout.shared(new LayerNames(layer), projection, "weight")));
  }

  /** Type of the gate and up projections of a layer. */
  public DType pairType(int layer) {
    return pairs(layer).dtype();
  }

  /** Type of the down-projections of a layer. */
  public DType downType(int layer) {
    return downs(layer).dtype();
  }

  /** Gate rows, then up rows of each expert: [E,2m,d]. */
  public ReadableTensor pairs(int layer) {
    return tensors.tensor(
        OwnLayout.experts(new LayerNames(layer), OwnLayout.expertInward(config.feedForward())),
        shape.experts(),
        (long) config.feedForward().inward() * shape.expertWidth(),
        config.hidden());
  }

  /** [E,d,m]. */
  public ReadableTensor downs(int layer) {
    return tensors.tensor(
        OwnLayout.experts(new LayerNames(layer), "down_proj"),
        shape.experts(),
        config.hidden(),
        shape.expertWidth());
  }

  /** The gate projection of an expert [m,d], as it is stored. */
  public ByteBuffer expertGate(int layer, int expert) {
    ByteBuffer both = pairs(layer).rows(expert, 1);
    return both.slice(0, both.remaining() / 2);
  }

  /** The up projection of an expert [m,d], as it is stored. */
  public ByteBuffer expertUp(int layer, int expert) {
    ByteBuffer both = pairs(layer).rows(expert, 1);
    return both.slice(both.remaining() / 2, both.remaining() / 2);
  }

  /** The down-projection of an expert [d,m], as it is stored. */
  public ByteBuffer expertDown(int layer, int expert) {
    return downs(layer).rows(expert, 1);
  }

  /** W of a linear router, [E,d] row-major. */
  public float[] routerWeight(int layer) {
    return HalfFloats.toFloats(
        tensors.tensor(
            OwnLayout.router(new LayerNames(layer), "weight"), shape.experts(), config.hidden()));
  }

  /** What a linear router adds to its scores for the choice [E]: bias and selection bias. */
  public float[] routerBias(int layer) {
    LayerNames names = new LayerNames(layer);
    float[] bias =
        HalfFloats.toFloats(tensors.tensor(OwnLayout.router(names, "bias"), shape.experts()));
    float[] selection =
        HalfFloats.toFloats(
            tensors.tensor(OwnLayout.router(names, "selection_bias"), shape.experts()));
    for (int e = 0; e < bias.length; e++) {
      bias[e] += selection[e];
    }
    return bias;
  }
}
