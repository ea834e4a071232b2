package dev.cmoe.carve.grouping;

import java.util.Arrays;

/**
 * The grouping of CMoE as published and released (arXiv 2502.04416 v3, eq. 13 to 18) with the
 * constants of the released code: L1 distances and one pass of clustering. A control: its objective
 * sees little more than chance overlaps, and its representatives are the quietest members.
 *
 * <p>Where the paper leaves ties open: neurons rank by rate, then mean |h|, then lower index; among
 * equally distant representatives the lower index is taken. Padding never fires: it is clustered
 * like a neuron without markers, and represents an expert only where that has nothing else.
 *
 * @param shared how many neurons always run, Ns x m
 * @param routed how many routed experts there are, Nr
 * @param expertSize neurons of a routed expert, m
 * @param distance how distances are computed; no influence on the result
 */
public record PaperGrouping(int shared, int routed, int expertSize, MarkerDistance distance) {

  public PaperGrouping {
    if (shared < 0 || routed < 1 || expertSize < 1) {
      throw new IllegalArgumentException(
          "shared " + shared + ", routed " + routed + " x " + expertSize);
    }
  }

  /**
   * Groups the neurons of one layer. Places beyond the width are padding, all of it routed.
   *
   * @param markers activation markers of the layer
   * @param meanAbs mean |h| of each neuron over the same tokens
   * @throws IllegalArgumentException when the experts do not hold every neuron, or fewer neurons
   *     than experts are left to route
   */
  public Grouping group(Markers markers, double[] meanAbs) {
    int width = markers.neurons();
    int places = Math.addExact(shared, Math.multiplyExact(routed, expertSize));
    if (meanAbs.length != width) {
      throw new IllegalArgumentException(meanAbs.length + " means for " + width + " neurons");
    }
    if (places < width || width < shared + routed) {
      throw new IllegalArgumentException(
          width + " neurons for " + shared + " shared and " + routed + " x " + expertSize);
    }
    NeuronRanking ranking =
        NeuronRanking.of(Arrays.stream(markers.counts()).asDoubleStream().toArray(), meanAbs);
    int[] always = ranking.highest(shared);
    int[] rest = ranking.others(shared);
    int[] seeds = Arrays.copyOfRange(ranking.first(shared + routed), shared, shared + routed);

    double[][] table = Arrays.copyOf(distance.table(markers, rest, seeds), places - shared);
    int[] ids = Arrays.copyOf(rest, places - shared);
    for (int i = rest.length; i < ids.length; i++) {
      // From nothing to a seed it is as far as the seed fires.
      table[i] = Arrays.stream(seeds).mapToDouble(markers::count).toArray();
      ids[i] = shared + i;
    }
    int[] clusterOf =
        BalancedAssignment.solve(table, Capacities.even(routed, expertSize)).clusterOf();
    Grouping grouping = Grouping.of(always, ids, clusterOf, routed);
    int[] representatives =
        grouping.experts().stream().mapToInt(e -> representative(markers, e)).toArray();
    return grouping.withRepresentatives(representatives);
  }

  /**
   * The member nearest in L1 to the mean of the members' columns. With n_t of c members marked at
   * token t, c |x - mean| = sum_t n_t + sum over x's tokens of (c - 2 n_t): whole numbers, and the
   * first sum is the same for all.
   */
  private static int representative(Markers markers, int[] members) {
    int[] marked = new int[markers.tokens()];
    for (int id : members) {
      if (id < markers.neurons()) {
        markers.addTo(marked, id);
      }
    }
    Arrays.setAll(marked, t -> members.length - 2 * marked[t]);
    int nearest = members[0];
    long least = Long.MAX_VALUE;
    for (int id : members) {
      if (id < markers.neurons()) {
        long distance = markers.sum(marked, id);
        if (distance < least) {
          least = distance;
          nearest = id;
        }
      }
    }
    return nearest;
  }
}
