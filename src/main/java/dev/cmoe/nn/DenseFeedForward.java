package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;

/** SwiGLU: y = (SiLU(z Wgate) ⊙ (z Wup)) Wdown. */
public final class DenseFeedForward implements FeedForward {
  private final Kernel kernel;
  private final ComputeType type;
  private final List<Tensor> weights;
  private final List<Tensor> biases;

  DenseFeedForward(
      Engine engine, Weights weights, DecoderConfig config, LayerNames names, Scope scope) {
    this.kernel = engine.kernel(FeedForward.class, "feedforward");
    this.type = weights.type();
    long hidden = config.hidden();
    long width = config.intermediate();
    this.weights =
        List.of(
            weights.load(scope, names.mlp("gate_proj", "weight"), width, hidden),
            weights.load(scope, names.mlp("up_proj", "weight"), width, hidden),
            weights.load(scope, names.mlp("down_proj", "weight"), hidden, width));
    this.biases =
        weights.loadVectors(
            scope,
            config.mlpBias(),
            List.of(
                names.mlp("gate_proj", "bias"),
                names.mlp("up_proj", "bias"),
                names.mlp("down_proj", "bias")),
            width,
            width,
            hidden);
  }

  @Override
  public Tensor forward(Scope into, Tensor z) {
    return kernel.call(into, "dense", z, weights, biases, type.scalarType());
  }

  /** Wgate [d_ff,d] in the compute type. */
  public Tensor gate() {
    return weights.get(0);
  }

  /** Wup [d_ff,d] in the compute type. */
  public Tensor up() {
    return weights.get(1);
  }

  /** Wdown [d,d_ff] in the compute type. */
  public Tensor down() {
    return weights.get(2);
  }

  /** None, or the biases of gate [d_ff], up [d_ff] and down [d]. */
  public List<Tensor> biases() {
    return biases;
  }
}
