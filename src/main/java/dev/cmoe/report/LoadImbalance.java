package dev.cmoe.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.OptionalDouble;
import java.util.stream.LongStream;

/**
 * How unevenly routed experts are used: the largest load of a layer's experts over their mean load.
 * 1 is balanced; the number of experts is the worst.
 */
public final class LoadImbalance {
  private LoadImbalance() {}

  /**
   * Of one layer.
   *
   * @param loads of its experts, in any unit
   * @return empty where nothing is routed
   */
  public static OptionalDouble of(double[] loads) {
    double sum = Arrays.stream(loads).sum();
    return sum > 0
        ? OptionalDouble.of(Arrays.stream(loads).max().orElseThrow() * loads.length / sum)
        : OptionalDouble.empty();
  }

  /**
   * Mean over the layers; those in which nothing is routed do not count.
   *
   * @param layers tokens of each expert, layer by layer
   */
  public static OptionalDouble mean(Collection<long[]> layers) {
    return layers.stream()
        .map(tokens -> of(LongStream.of(tokens).asDoubleStream().toArray()))
        .flatMapToDouble(OptionalDouble::stream)
        .average();
  }
}
