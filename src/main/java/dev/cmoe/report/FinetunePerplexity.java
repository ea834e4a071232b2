package dev.cmoe.report;

/**
 * Perplexity on text that was not trained on.
 *
 * @param before training
 * @param after training
 * @param dense that of the teacher, the dense model; null without one
 * @param tokens measured on, whole windows
 * @param text names of the texts
 * @param window tokens in one window
 */
public record FinetunePerplexity(
    Double before, Double after, Double dense, long tokens, String text, Integer window) {
  public FinetunePerplexity {
    before = Finite.orNull(before);
    after = Finite.orNull(after);
    dense = Finite.orNull(dense);
  }

  /**
   * The share of the gap in log-perplexity to the dense model that training closed; null where a
   * figure or a gap is missing.
   */
  public Double closed() {
    if (before == null || after == null || dense == null || before <= dense) {
      return null;
    }
    return Math.log(before / after) / Math.log(before / dense);
  }
}
