package dev.cmoe.carve.grouping;

import java.util.Arrays;
import java.util.List;

/**
 * A partition of the places 0 to n-1 of a feed-forward layer: every place is either shared or in
 * exactly one routed expert. Places at and above the width of the layer are zero padding; ids
 * ascend, so padding comes last within an expert. The arrays are not to be modified.
 *
 * @param shared ids that always run, ascending
 * @param experts ids of each routed expert, ascending
 * @param representatives one neuron of each expert that stands for it in a router, or empty; a
 *     method that has none leaves it empty
 */
public record Grouping(int[] shared, List<int[]> experts, int[] representatives) {

  /**
   * @throws IllegalArgumentException when the ids are not a partition, do not ascend, or a
   *     representative is not a member of its expert
   */
  public Grouping {
    experts = List.copyOf(experts);
    int places = shared.length + experts.stream().mapToInt(e -> e.length).sum();
    boolean[] seen = new boolean[places];
    take(shared, "the shared neurons", seen);
    for (int e = 0; e < experts.size(); e++) {
      take(experts.get(e), "expert " + e, seen);
    }
    if (representatives.length != 0 && representatives.length != experts.size()) {
      throw new IllegalArgumentException(
          representatives.length + " representatives for " + experts.size() + " experts");
    }
    for (int e = 0; e < representatives.length; e++) {
      if (Arrays.binarySearch(experts.get(e), representatives[e]) < 0) {
        throw new IllegalArgumentException(
            "representative " + representatives[e] + " is not in expert " + e);
      }
    }
  }

  /**
   * Turns cluster numbers into experts.
   *
   * @param shared ids that always run, ascending
   * @param ids what was clustered, ascending
   * @param clusterOf cluster of each of {@code ids}
   * @param clusters how many clusters there are
   */
  public static Grouping of(int[] shared, int[] ids, int[] clusterOf, int clusters) {
    if (ids.length != clusterOf.length) {
      throw new IllegalArgumentException(ids.length + " ids, " + clusterOf.length + " clusters");
    }
    int[] size = new int[clusters];
    for (int cluster : clusterOf) {
      size[cluster]++;
    }
    int[][] experts = new int[clusters][];
    Arrays.setAll(experts, e -> new int[size[e]]);
    int[] filled = new int[clusters];
    for (int i = 0; i < ids.length; i++) {
      experts[clusterOf[i]][filled[clusterOf[i]]++] = ids[i];
    }
    return new Grouping(shared, List.of(experts), new int[0]);
  }

  /** The same partition with {@code ids} as representatives. */
  public Grouping withRepresentatives(int[] ids) {
    return new Grouping(shared, experts, ids);
  }

  /** How many places are divided, padding included. */
  public int places() {
    return shared.length + experts.stream().mapToInt(e -> e.length).sum();
  }

  /** For each place its expert, or -1 where it is shared. */
  public int[] expertOf() {
    int[] expertOf = new int[places()];
    for (int id : shared) {
      expertOf[id] = -1;
    }
    for (int e = 0; e < experts.size(); e++) {
      for (int id : experts.get(e)) {
        expertOf[id] = e;
      }
    }
    return expertOf;
  }

  private static void take(int[] ids, String owner, boolean[] seen) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= seen.length || seen[ids[i]]) {
        throw new IllegalArgumentException(
            "id " + ids[i] + " of " + owner + " is out of range or taken twice");
      }
      if (i > 0 && ids[i] < ids[i - 1]) {
        throw new IllegalArgumentException("ids of " + owner + " do not ascend");
      }
      seen[ids[i]] = true;
    }
  }
}
