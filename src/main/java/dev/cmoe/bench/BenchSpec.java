package dev.cmoe.bench;

import java.util.List;
import java.util.OptionalInt;

/**
 * What is run.
 *
 * @param promptTokens tokens of each prompt
 * @param decodeTokens tokens after it, one at a time
 * @param batches numbers of sequences side by side, each once
 * @param repeat runs that count; one more goes before and warms up
 */
public record BenchSpec(int promptTokens, int decodeTokens, List<Integer> batches, int repeat) {
  public BenchSpec {
    batches = List.copyOf(batches);
  }

  /**
   * What is asked for. Lengths that are not given are 512 and 128 tokens, or less where the models
   * have a shorter context.
   */
  public record Wish(
      OptionalInt promptTokens, OptionalInt decodeTokens, List<Integer> batches, int repeat) {
    private static final int PROMPT = 512;
    private static final int DECODE = 128;

    public Wish {
      batches = List.copyOf(batches);
    }

    /** For models of at least {@code context} tokens; lengths that were given stay as they are. */
    public BenchSpec within(int context) {
      int share = Math.max(1, context / (PROMPT / DECODE + 1));
      int decode =
          decodeTokens.orElseGet(
              () ->
                  promptTokens.isPresent()
                      ? Math.min(DECODE, Math.max(1, context - promptTokens.getAsInt()))
                      : Math.min(DECODE, share));
      int prompt = promptTokens.orElseGet(() -> Math.min(PROMPT, Math.max(1, context - decode)));
      return new BenchSpec(prompt, decode, batches, repeat);
    }
  }

  /** Tokens that a sequence grows to. */
  public int capacity() {
    return (int) Math.min(Integer.MAX_VALUE, (long) promptTokens + decodeTokens);
  }
}
