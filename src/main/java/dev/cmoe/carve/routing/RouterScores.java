package dev.cmoe.carve.routing;

import dev.cmoe.arch.Activation;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.FeedForward;
import java.util.List;

/**
 * A router put to work: gates of tokens, computed by the same kernel that runs a finished model.
 */
public final class RouterScores {
  private final Kernel kernel;
  private final RouterKind kind;
  private final List<Tensor> parts;
  private final Tensor selectionBias;
  private final int experts;
  private final int active;
  private final int activation;

  /** {@code router}'s tensors live in {@code scope}. */
  public RouterScores(
      Engine engine,
      Scope scope,
      Router router,
      Activation activation,
      int hidden,
      int experts,
      int active) {
    this.kernel = engine.kernel(FeedForward.class, "feedforward");
    this.kind = router.kind();
    this.experts = experts;
    this.active = active;
    this.activation = activation.code();
    this.selectionBias = scope.zeros(experts);
    if (router instanceof Router.Linear linear) {
      parts = List.of(scope.of(linear.weight(), experts, hidden), scope.of(linear.bias(), experts));
    } else if (router instanceof Router.Cmoe cmoe) {
      parts = cmoe.rows().stream().map(rows -> scope.of(rows, experts, hidden)).toList();
    } else {
      parts = List.of();
    }
  }

  /**
   * Gates float32 [n,E] of the inputs z [n,d]: 1 for the chosen experts, 0 for the others; all 0
   * without a router.
   */
  public Tensor gates(Scope into, Tensor z) {
    if (kind == RouterKind.NONE) {
      return into.zeros(z.size(0), experts);
    }
    boolean linear = kind == RouterKind.LINEAR;
    try (Scope scratch = into.child()) {
      Tensor scores = kernel.call(scratch, "scores", z, linear, parts, activation);
      return kernel.call(into, "ownGates", scores, selectionBias, List.of(), linear, active);
    }
  }
}
