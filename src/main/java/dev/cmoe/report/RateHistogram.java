package dev.cmoe.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * How often neurons are among a token's Ka largest contributions, counted for shared and for routed
 * neurons. Rates span decades, so the standard bins grow by a quarter of a decade; the first holds
 * the neurons that are hardly ever among them.
 *
 * @param edges of the bins, ascending shares of tokens; a bin holds its lower edge, the last bin
 *     also its upper one
 * @param shared neurons in each bin, one fewer than edges
 * @param routed neurons in each bin, one fewer than edges
 */
public record RateHistogram(List<Double> edges, List<Long> shared, List<Long> routed) {
  private static final int DECADES = 4;
  private static final int BINS_PER_DECADE = 4;

  public RateHistogram {
    edges = List.copyOf(edges);
    shared = List.copyOf(shared);
    routed = List.copyOf(routed);
    if (edges.size() < 2
        || shared.size() != edges.size() - 1
        || routed.size() != edges.size() - 1) {
      throw new IllegalArgumentException(
          edges.size() + " edges for " + shared.size() + " and " + routed.size() + " bins");
    }
    for (int i = 0; i < edges.size(); i++) {
      Finite.required(edges.get(i), "edge " + i);
      if (i > 0 && edges.get(i) <= edges.get(i - 1)) {
        throw new IllegalArgumentException("edges do not ascend: " + edges);
      }
    }
  }

  /** Counts rates, each a share of tokens in [0, 1], into the standard bins. */
  public static RateHistogram of(double[] sharedRates, double[] routedRates) {
    List<Double> edges = new ArrayList<>();
    edges.add(0.0);
    for (int i = DECADES * BINS_PER_DECADE; i >= 0; i--) {
      // Four significant digits, so that the file reads well.
      edges.add(Double.parseDouble(rounded(Math.pow(10, -(double) i / BINS_PER_DECADE))));
    }
    return new RateHistogram(edges, count(edges, sharedRates), count(edges, routedRates));
  }

  /** The sum of several histograms with equal edges; null for none, or where edges differ. */
  static RateHistogram sum(List<RateHistogram> parts) {
    if (parts.isEmpty()
        || parts.stream().anyMatch(part -> !part.edges.equals(parts.get(0).edges))) {
      return null;
    }
    int bins = parts.get(0).shared.size();
    List<Long> shared = new ArrayList<>(Collections.nCopies(bins, 0L));
    List<Long> routed = new ArrayList<>(Collections.nCopies(bins, 0L));
    for (RateHistogram part : parts) {
      for (int i = 0; i < bins; i++) {
        shared.set(i, shared.get(i) + part.shared.get(i));
        routed.set(i, routed.get(i) + part.routed.get(i));
      }
    }
    return new RateHistogram(parts.get(0).edges, shared, routed);
  }

  /** Share of the shared neurons in each bin. */
  double[] sharedShares() {
    return shares(shared);
  }

  /** Share of the routed neurons in each bin. */
  double[] routedShares() {
    return shares(routed);
  }

  private static double[] shares(List<Long> counts) {
    double sum = Math.max(1, counts.stream().mapToLong(Long::longValue).sum());
    return counts.stream().mapToDouble(count -> count / sum).toArray();
  }

  private static List<Long> count(List<Double> edges, double[] rates) {
    double[] lower = edges.stream().limit(edges.size() - 1L).mapToDouble(e -> e).toArray();
    Long[] counts = new Long[lower.length];
    Arrays.fill(counts, 0L);
    for (double rate : rates) {
      int at = Arrays.binarySearch(lower, Finite.required(rate, "activation rate"));
      counts[Math.max(0, at >= 0 ? at : -at - 2)]++;
    }
    return List.of(counts);
  }

  private static String rounded(double value) {
    return String.format(Locale.ROOT, "%.3e", value);
  }
}
