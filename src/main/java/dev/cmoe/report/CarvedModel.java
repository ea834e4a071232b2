package dev.cmoe.report;

/**
 * The dense model that was carved.
 *
 * @param name what a person calls it, such as the directory name
 * @param family architecture family, such as {@code llama}
 * @param hiddenSize width of the residual stream
 * @param feedForwardSize neurons of one dense FFN, before padding
 * @param layers decoder layers
 * @param heads attention heads
 * @param keyValueHeads key-value heads
 * @param vocabularySize tokens in the vocabulary
 */
public record CarvedModel(
    String name,
    String family,
    int hiddenSize,
    int feedForwardSize,
    int layers,
    int heads,
    int keyValueHeads,
    int vocabularySize) {}
