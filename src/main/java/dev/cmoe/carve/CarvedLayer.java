package dev.cmoe.carve;

import dev.cmoe.carve.profile.FeedForwardWeights;
import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.carve.routing.RouterScores;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;

/**
 * A carved layer run as a mask over the dense block: y = (h ⊙ mask) Wdown'. The same numbers as the
 * experts give, at dense cost, with no second copy of the weights; used while carving.
 */
final class CarvedLayer {
  private final Kernel kernel;
  private final FeedForwardWeights weights;
  private final RouterScores router;
  private final Tensor down;
  private final int shared;
  private final boolean routes;

  /**
   * @param weights in expert order
   * @param down [d,f] float32 or the compute type, f the neurons that can run
   * @param shared neurons that always run
   */
  CarvedLayer(
      Engine engine,
      FeedForwardWeights weights,
      RouterScores router,
      Tensor down,
      int shared,
      boolean routes) {
    this.kernel = engine.kernel(LayerActivations.class, "profile");
    this.weights = weights;
    this.router = router;
    this.down = down;
    this.shared = shared;
    this.routes = routes;
  }

  /** What runs of h [n,width] under {@code gates} [n,E]: [n,f]. */
  static Tensor running(
      Kernel kernel, Scope into, Tensor hidden, Tensor gates, int shared, boolean routes) {
    return routes
        ? kernel.call(into, "masked", hidden, gates, shared)
        : kernel.call(into, "firstColumns", hidden, shared);
  }

  /**
   * The layer's output, the bias of the down-projection included, for activations already computed:
   * float32 [n,d].
   */
  Tensor output(Scope into, Tensor hidden, Tensor gates) {
    try (Scope scratch = into.child()) {
      Tensor running = running(kernel, scratch, hidden, gates, shared, routes);
      return kernel.call(
          into, "output", running, down, weights.downBias(), weights.type().scalarType());
    }
  }

  /** {@code y} [n,d] with the bias of the down-projection, or {@code y} itself without one. */
  Tensor withBias(Scope into, Tensor y) {
    return kernel.call(into, "withBias", y, weights.downBias());
  }

  /** The layer's output for inputs z [n,d]: float32 [n,d]. */
  Tensor forward(Scope into, Tensor z) {
    try (Scope scratch = into.child()) {
      return output(into, weights.hidden(scratch, z), router.gates(scratch, z));
    }
  }
}
