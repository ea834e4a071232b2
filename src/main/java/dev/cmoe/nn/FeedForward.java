package dev.cmoe.nn;

import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;

/** The feed-forward half of a layer, without its norm and residual. */
public sealed interface FeedForward permits DenseFeedForward, Mixture {
  /** Told the gates [n,E] of a router and the time it took. */
  @FunctionalInterface
  interface Routing {
    void chosen(Tensor gates, long nanos);
  }

  /** y [n,d] float32 for the normed input z [n,d] float32. */
  default Tensor forward(Scope into, Tensor z) {
    return forward(into, z, (gates, nanos) -> {});
  }

  /** The same; {@code routing} is told of each time a router chose. */
  Tensor forward(Scope into, Tensor z, Routing routing);

  /** The method of kernel "step" that runs all layers, where they have such blocks. */
  String steps();

  /** What that method takes of the blocks of all layers alike. */
  List<Object> stepArguments();

  /** What it takes of this one, in the order in which it numbers it. */
  List<List<Tensor>> stepTensors();
}
