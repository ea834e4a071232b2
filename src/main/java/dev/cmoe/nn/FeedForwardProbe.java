package dev.cmoe.nn;

import dev.cmoe.engine.Tensor;

/** Told what feed-forward blocks do, for measurements. Its own time counts as theirs. */
public interface FeedForwardProbe {
  /** Looks at nothing. */
  FeedForwardProbe NONE =
      new FeedForwardProbe() {
        @Override
        public void routed(int layer, Tensor gates, long nanos) {}

        @Override
        public void ran(int layer, long nanos) {}
      };

  /**
   * The router of {@code layer} chose, for n tokens: of a prompt's all, padding included, but for
   * the last layer, where it is the last of each sequence unless {@link #wantsEveryToken}.
   *
   * @param gates [n,E] float32, 0 for experts that a token does not run; gone after this call
   * @param nanos time the router took
   */
  void routed(int layer, Tensor gates, long nanos);

  /** The block of {@code layer} ran in {@code nanos}, its router included. */
  void ran(int layer, long nanos);

  /**
   * Whether the last block is to run for every token of a prompt, of which only the last is needed.
   */
  default boolean wantsEveryToken() {
    return false;
  }
}
