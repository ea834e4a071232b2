package dev.cmoe.carve;

import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.recipe.ExpertSpec;

/**
 * SxAyEz applied to a number of neurons. When z does not divide it, zero neurons pad it; they go to
 * routed experts.
 *
 * @param neurons d_ff of the dense model
 */
public record ExpertLayout(ExpertSpec spec, int neurons) {

  /** Neurons of one expert, m. */
  public int expertWidth() {
    return spec.slice(neurons);
  }

  /** z·m, with padding. */
  public int width() {
    return spec.paddedWidth(neurons);
  }

  /** Neurons of the shared expert, x·m. */
  public int sharedWidth() {
    return spec.shared() * expertWidth();
  }

  /** Routed experts, z - x. */
  public int experts() {
    return spec.routed();
  }

  /** Neurons a token runs, (x + y)·m. */
  public int budget() {
    return (spec.shared() + spec.active()) * expertWidth();
  }

  /**
   * Shape of a model carved so with a router of {@code kind}. Without one, the whole budget is
   * shared.
   */
  public MoeShape shape(RouterKind kind) {
    return kind == RouterKind.NONE
        ? new MoeShape(
            spec.shared() + spec.active(), 0, spec.total(), 0, expertWidth(), budget(), kind, false)
        : new MoeShape(
            spec.shared(),
            spec.active(),
            spec.total(),
            experts(),
            expertWidth(),
            sharedWidth(),
            kind,
            false);
  }
}
