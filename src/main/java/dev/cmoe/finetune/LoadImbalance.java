package dev.cmoe.finetune;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.LongStream;

/** How uneven the load of routed experts is: the largest by the mean, averaged over layers. */
public final class LoadImbalance {
  private LoadImbalance() {}

  /**
   * @param load tokens of each expert, by layer; empty layers do not count
   */
  public static OptionalDouble of(long[][] load) {
    return Arrays.stream(load)
        .filter(layer -> LongStream.of(layer).sum() > 0)
        .mapToDouble(
            layer ->
                LongStream.of(layer).max().orElseThrow()
                    / LongStream.of(layer).average().orElseThrow())
        .average();
  }
}
