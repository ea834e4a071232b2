package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;

/** y = E_shared(z) + Σ g_i E_i(z) over the chosen experts (CMoE 1.8), read from the own format. */
public final class MoeFeedForward implements FeedForward {
  private final Kernel kernel;
  private final ComputeType type;
  private final MoeShape shape;
  private final List<Tensor> shared;
  private final List<Tensor> sharedBias;
  private final Tensor gateUp;
  private final Tensor down;
  private final List<Tensor> expertBias;
  private final List<Tensor> downBias;
  private final List<Tensor> router;
  private final Tensor selectionBias;
  private final List<Tensor> gateScale;

  MoeFeedForward(
      Engine engine,
      Weights weights,
      DecoderConfig config,
      MoeShape shape,
      LayerNames names,
      Scope scope) {
    this.kernel = engine.kernel(FeedForward.class, "feedforward");
    this.type = weights.type();
    this.shape = shape;
    long hidden = config.hidden();
    long experts = shape.experts();
    long width = shape.expertWidth();
    long always = shape.sharedWidth();
    boolean bias = config.mlpBias();
    shared =
        always == 0
            ? List.of()
            : List.of(
                weights.load(scope, OwnLayout.shared(names, "gate_proj", "weight"), always, hidden),
                weights.load(scope, OwnLayout.shared(names, "up_proj", "weight"), always, hidden),
                weights.load(
                    scope, OwnLayout.shared(names, "down_proj", "weight"), hidden, always));
    sharedBias =
        weights.loadVectors(
            scope,
            bias && always > 0,
            List.of(
                OwnLayout.shared(names, "gate_proj", "bias"),
                OwnLayout.shared(names, "up_proj", "bias")),
            always,
            always);
    downBias = weights.loadVectors(scope, bias, List.of(OwnLayout.downBias(names)), hidden);
    if (shape.router() == RouterKind.NONE) {
      gateUp = scope.zeros(0, 0, 0);
      down = scope.zeros(0, 0, 0);
      expertBias = List.of();
      router = List.of();
      selectionBias = null;
      gateScale = List.of();
      return;
    }
    gateUp =
        weights.load(scope, OwnLayout.experts(names, "gate_up_proj"), experts, 2 * width, hidden);
    down = weights.load(scope, OwnLayout.experts(names, "down_proj"), experts, hidden, width);
    expertBias =
        bias
            ? List.of(
                weights.load(scope, OwnLayout.experts(names, "gate_up_bias"), experts, 2 * width))
            : List.of();
    router =
        shape.router() == RouterKind.LINEAR
            ? List.of(
                weights.loadFloat(scope, OwnLayout.router(names, "weight"), experts, hidden),
                weights.loadFloat(scope, OwnLayout.router(names, "bias"), experts))
            : List.of(
                weights.loadFloat(scope, OwnLayout.router(names, "gate_weight"), experts, hidden),
                weights.loadFloat(scope, OwnLayout.router(names, "up_weight"), experts, hidden));
    selectionBias = weights.loadFloat(scope, OwnLayout.router(names, "selection_bias"), experts);
    gateScale =
        shape.gateScaled()
            ? List.of(weights.loadFloat(scope, OwnLayout.router(names, "gate_scale"), experts))
            : List.of();
  }

  @Override
  public Tensor forward(Scope into, Tensor z) {
    try (Scope scratch = into.child()) {
      Tensor gates = scratch.zeros(z.size(0), 0);
      if (shape.router() != RouterKind.NONE) {
        boolean linear = shape.router() == RouterKind.LINEAR;
        Tensor scores = kernel.call(scratch, "scores", z, linear, router);
        gates =
            kernel.call(scratch, "gates", scores, selectionBias, gateScale, linear, shape.active());
      }
      return kernel.call(
          into,
          "mixture",
          z,
          shared,
          sharedBias,
          gateUp,
          down,
          expertBias,
          downBias,
          gates,
          type.scalarType());
    }
  }
}
