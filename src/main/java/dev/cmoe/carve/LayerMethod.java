package dev.cmoe.carve;

import dev.cmoe.carve.grouping.Grouping;
import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.carve.routing.ExpertMasses;
import dev.cmoe.carve.routing.Router;
import dev.cmoe.engine.Scope;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A way to divide one layer's neurons and to route to them. A preset is one method and whether the
 * down-projection is refitted after it ({@link CarveMethods}).
 */
public interface LayerMethod {
  /** Whether a router chooses experts. */
  boolean routes();

  /**
   * Markers a token of the paper's unit-norm profile that {@link #group} needs; 0 when it needs
   * none.
   */
  default int unitMarkers() {
    return 0;
  }

  /**
   * Whether {@link #route} looks at the experts' outputs. If not, the router is there before they
   * are computed, and the carved output comes with them at no further product.
   */
  default boolean routesByOutputs() {
    return false;
  }

  /**
   * Divides the neurons; the activations are in dense order. Without routing, what is not shared
   * never runs.
   */
  Grouping group(Scope scope, LayerActivations activations, SplittableRandom random);

  /**
   * The router for {@code grouping}; the activations are now in expert order. Not called when
   * {@link #routes} is false.
   *
   * @param outputs what the experts do; there when {@link #routesByOutputs} is true
   */
  Router route(
      Scope scope,
      LayerActivations activations,
      Grouping grouping,
      Optional<ExpertMasses> outputs,
      SplittableRandom random);
}
