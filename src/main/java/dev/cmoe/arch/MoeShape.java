package dev.cmoe.arch;

/**
 * Shape of a carved model's feed-forward blocks.
 *
 * @param sharedSlices x of SxAyEz
 * @param active y, routed experts a token runs; 0 without routing
 * @param slices z
 * @param experts routed experts, z - x; 0 without routing
 * @param expertWidth neurons of a routed expert, m
 * @param sharedWidth neurons that always run
 * @param gateScaled gates are 1 + s'·u with a learned u instead of 1
 */
public record MoeShape(
    int sharedSlices,
    int active,
    int slices,
    int experts,
    int expertWidth,
    int sharedWidth,
    RouterKind router,
    boolean gateScaled) {

  /** The same with every routed expert running for every token. */
  MoeShape withAllExperts() {
    return new MoeShape(
        sharedSlices, experts, slices, experts, expertWidth, sharedWidth, router, gateScaled);
  }

  /** The same with or without learned gate scales. */
  public MoeShape withGateScales(boolean scaled) {
    return new MoeShape(
        sharedSlices, active, slices, experts, expertWidth, sharedWidth, router, scaled);
  }

  /** Neurons that run for one token. */
  public long activeNeurons() {
    return sharedWidth + (long) active * expertWidth;
  }

  /** Neurons held. */
  public long storedNeurons() {
    return sharedWidth + (long) experts * expertWidth;
  }

  /** Router parameters of one layer, the selection bias included. */
  public long routerParameters(int hidden, FeedForwardSpec block) {
    return switch (router) {
          case NONE -> 0;
          case LINEAR -> (long) experts * hidden + 2L * experts;
          case CMOE -> (long) block.inward() * experts * hidden + experts;
        }
        + (gateScaled ? experts : 0);
  }

  @Override
  public String toString() {
    return router == RouterKind.NONE
        ? sharedWidth + " neurons, no routing"
        : "S" + sharedSlices + "A" + active + "E" + slices;
  }
}
