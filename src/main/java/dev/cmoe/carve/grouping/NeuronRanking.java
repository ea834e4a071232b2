package dev.cmoe.carve.grouping;

import dev.cmoe.run.CmoeException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Neurons from the most to the least important. Importances tie often (CMoE's activation counts are
 * small integers) and ties decide a partition, so the order is total: score, then a second score,
 * then the lower index.
 */
public final class NeuronRanking {
  private final int[] order;

  private NeuronRanking(int[] order) {
    this.order = order;
  }

  /** By descending {@code score}; equal scores by index. */
  public static NeuronRanking of(double[] score) {
    return of(score, new double[score.length]);
  }

  /**
   * By descending {@code score}, then descending {@code tieScore}, then index.
   *
   * @throws CmoeException VERIFICATION when a score is not a number
   */
  public static NeuronRanking of(double[] score, double[] tieScore) {
    if (score.length != tieScore.length) {
      throw new IllegalArgumentException(score.length + " scores, " + tieScore.length + " ties");
    }
    for (int i = 0; i < score.length; i++) {
      if (Double.isNaN(score[i]) || Double.isNaN(tieScore[i])) {
        throw CmoeException.verification("importance of neuron " + i + " is not a number");
      }
    }
    // + 0.0 makes -0.0 equal to 0.0.
    Comparator<Integer> ascending =
        Comparator.<Integer>comparingDouble(i -> score[i] + 0.0)
            .thenComparingDouble(i -> tieScore[i] + 0.0);
    // The sort is stable, so what still ties keeps the order of its index.
    return new NeuronRanking(
        IntStream.range(0, score.length)
            .boxed()
            .sorted(ascending.reversed())
            .mapToInt(Integer::intValue)
            .toArray());
  }

  /** The {@code count} most important neurons, most important first. */
  public int[] first(int count) {
    return Arrays.copyOf(order, checked(count));
  }

  /** The {@code count} most important neurons, ascending by index. */
  public int[] highest(int count) {
    int[] ids = first(count);
    Arrays.sort(ids);
    return ids;
  }

  /** All neurons but the {@code count} most important, ascending by index. */
  public int[] others(int count) {
    int[] ids = Arrays.copyOfRange(order, checked(count), order.length);
    Arrays.sort(ids);
    return ids;
  }

  private int checked(int count) {
    if (count < 0 || count > order.length) {
      throw new IllegalArgumentException(count + " of " + order.length + " neurons");
    }
    return count;
  }
}
