package dev.cmoe.arch;

/**
 * Shape and constants of a dense decoder.
 *
 * @param family name of the dense family, such as {@code llama}
 * @param hidden width of the residual stream, d
 * @param intermediate neurons of the dense feed-forward block, d_ff
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads}
 * @param headDim width of a head
 * @param context longest sequence the model was made for, tokens
 * @param attentionBias biases on the query, key, value and output projections
 * @param mlpBias biases on the gate, up and down projections
 * @param tiedHead the output projection is the embedding
 */
public record DecoderConfig(
    String family,
    int hidden,
    int intermediate,
    int layers,
    int heads,
    int keyValueHeads,
    int headDim,
    int vocabulary,
    int context,
    double normEpsilon,
    boolean attentionBias,
    boolean mlpBias,
    boolean tiedHead,
    RopeSpec rope) {

  /** Parameters of one feed-forward block with {@code neurons} neurons. */
  public long feedForwardParameters(long neurons) {
    return 3L * hidden * neurons + (mlpBias ? 2 * neurons + hidden : 0);
  }

  /** Parameters of everything but the feed-forward blocks; a tied head counts once. */
  public long otherParameters() {
    long query = (long) heads * headDim;
    long keyValue = (long) keyValueHeads * headDim;
    long attention = 2 * query * hidden + 2 * keyValue * hidden;
    if (attentionBias) {
      attention += query + 2 * keyValue + hidden;
    }
    long embedding = (long) vocabulary * hidden;
    return layers * (attention + 2L * hidden) + hidden + (tiedHead ? embedding : 2 * embedding);
  }

  /** All parameters of the dense model. */
  public long parameters() {
    return otherParameters() + layers * feedForwardParameters(intermediate);
  }
}
