package dev.cmoe.nn;

import dev.cmoe.arch.RopeSpec;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The token of each sequence that goes through a layer alone: the next one, or the last of a prompt
 * whose others the layer only remembers. Where it stands, and what it sees of those before it.
 */
final class NextTokens {
  /**
   * A stretch of the cache.
   *
   * @param first position at which it begins
   * @param count positions
   * @param seen none when every sequence sees all of it, else which do: bool [B,1,1,count]
   */
  record Span(int first, int count, List<Tensor> seen) {}

  private final Scope scope;
  private final Kernel kernel;
  private final int[] tokens;
  private final int[] positions;
  private final int least;
  private final int most;
  private Tensor tensor;
  private final Map<Integer, Span> spans = new HashMap<>();
  private final Map<RopeSpec, Rotary> angles = new HashMap<>();

  /**
   * @param tokens that come now, one for each sequence
   * @param positions where each of them stands
   */
  NextTokens(Decoder decoder, Scope scope, int[] tokens, int[] positions) {
    this.scope = scope;
    this.tokens = tokens.clone();
    this.kernel = decoder.engine().kernel(Attention.class, "attention");
    this.positions = positions.clone();
    this.least = Arrays.stream(positions).min().orElseThrow();
    this.most = Arrays.stream(positions).max().orElseThrow();
  }

  /** The last token of each of {@code sequences}. */
  static NextTokens lastOf(Decoder decoder, Scope scope, int[][] sequences) {
    int[] positions = Arrays.stream(sequences).mapToInt(tokens -> tokens.length - 1).toArray();
    int[] tokens = Arrays.stream(sequences).mapToInt(all -> all[all.length - 1]).toArray();
    return new NextTokens(decoder, scope, tokens, positions);
  }

  /** int64 [2,B]. */
  Tensor tokensAndPositions() {
    long[] both =
        IntStream.concat(Arrays.stream(tokens), Arrays.stream(positions)).asLongStream().toArray();
    return scope.of(both, 2, tokens.length);
  }

  /** The token of each sequence as a window of its own. */
  int[][] windows() {
    return Arrays.stream(tokens).mapToObj(token -> new int[] {token}).toArray(int[][]::new);
  }

  /** int64 [B]. */
  Tensor positions() {
    if (tensor == null) {
      tensor = scope.of(positions);
    }
    return tensor;
  }

  /** Rows of x [B,T,d] at these positions: [B,1,d]. */
  Tensor rowsOf(Tensor x) {
    return kernel.call(scope, "at", x, positions());
  }

  /** What a layer with a sliding window of {@code window} tokens, or 0 for none, looks at. */
  Span span(int window) {
    return spans.computeIfAbsent(
        window,
        w -> {
          int first = w > 0 ? Math.max(0, least + 1 - w) : 0;
          int count = most + 1 - first;
          return new Span(
              first,
              count,
              least == most
                  ? List.of()
                  : List.of(kernel.call(scope, "seen", positions(), first, count, w)));
        });
  }

  /** Angles of these tokens from a table of all positions. */
  Rotary angles(RopeSpec rope, Rotary table) {
    return angles.computeIfAbsent(
        rope,
        r ->
            new Rotary(
                kernel.call(scope, "angles", table.cos(), positions()),
                kernel.call(scope, "angles", table.sin(), positions())));
  }

  @Override
  public String toString() {
    return "tokens at " + Arrays.toString(positions);
  }
}
