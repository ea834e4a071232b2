package dev.cmoe.bench;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A measurement that was repeated.
 *
 * @param runs every repetition's value, in the order they were run
 */
public record Figure(List<Double> runs) {
  public Figure {
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("no runs");
    }
    runs = List.copyOf(runs);
  }

  static Figure of(List<Sample> samples, ToDoubleFunction<Sample> value) {
    return new Figure(samples.stream().mapToDouble(value).boxed().toList());
  }

  public double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  public double least() {
    return sorted()[0];
  }

  public double most() {
    return sorted()[runs.size() - 1];
  }

  /**
   * Each run over the one of {@code other} that took turns with it: what slowed the machine for a
   * while slowed both, and is gone from the quotient.
   */
  public Figure over(Figure other) {
    if (other.runs.size() != runs.size()) {
      throw new IllegalArgumentException(
          runs.size() + " runs cannot be paired with " + other.runs.size());
    }
    return new Figure(
        IntStream.range(0, runs.size()).mapToObj(i -> runs.get(i) / other.runs.get(i)).toList());
  }

  private double[] sorted() {
    double[] values = runs.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(values);
    return values;
  }
}
