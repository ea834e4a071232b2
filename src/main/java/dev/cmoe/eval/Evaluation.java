package dev.cmoe.eval;

import java.util.Optional;

/**
 * What one pass over a text measured.
 *
 * @param tokens tokens read, windows times their length
 * @param window tokens a window
 * @param against the dense model on the same windows, when there was one
 */
public record Evaluation(
    Perplexity perplexity, long tokens, int window, Optional<Against> against) {

  /** The dense model's figures beside the model's. */
  public record Against(Perplexity perplexity, Divergence divergence) {}

  /** Perplexity over the dense model's. */
  public double ratio() {
    return perplexity.value() / against.orElseThrow().perplexity().value();
  }
}
