package dev.cmoe.carve.grouping;

import dev.cmoe.run.CmoeException;
import java.util.Arrays;

/**
 * The cheapest assignment of n items to k clusters that fills each cluster to its capacity: the
 * transportation problem that CMoE (arXiv 2502.04416) solves as an n x n linear assignment.
 *
 * <p>Items are placed one by one. Each placement follows a shortest path over the k clusters, where
 * an edge u to v is the cheapest item to move from u to v, found by Dijkstra's algorithm on costs
 * reduced by the clusters' potentials (successive shortest paths; Ahuja, Magnanti and Orlin,
 * Network Flows, 9.7). Time O(n k^2 log n) at worst, memory O(n k). Every solution carries its
 * certificate of optimality, checked in whole numbers, and the same input gives the same
 * assignment: among equal prices the lower item moves, among equal distances the lower cluster is
 * taken.
 */
public final class BalancedAssignment {
  private static final int NONE = -1;

  private final ScaledCosts cost;
  private final int clusters;
  private final int[] capacity;
  private final int[] load;
  private final int[] clusterOf;

  /** Never positive; zero while the cluster has room. At most one span of the costs below zero. */
  private final long[] potential;

  /** Moves out of full clusters, [from, to]; a cluster with room gets its row when it is full. */
  private final SwapHeap[] moves;

  // Of the running search.
  private final long[] distance;
  private final int[] from;
  private final boolean[] settled;

  private BalancedAssignment(ScaledCosts cost, int[] capacity) {
    this.cost = cost;
    this.clusters = capacity.length;
    this.capacity = capacity;
    this.load = new int[clusters];
    this.clusterOf = new int[cost.items];
    this.potential = new long[clusters];
    this.moves = new SwapHeap[clusters * clusters];
    this.distance = new long[clusters];
    this.from = new int[clusters];
    this.settled = new boolean[clusters];
    Arrays.fill(clusterOf, NONE);
  }

  /**
   * Solves for the smallest sum of costs.
   *
   * @param cost [n, k], finite; see {@link Assignment#unit} for how finely they are told apart
   * @param capacities how many items each of the k clusters takes, at least one; the sum is n
   * @throws IllegalArgumentException when the shapes do not fit
   * @throws CmoeException VERIFICATION when a cost is not finite or the certificate fails
   */
  public static Assignment solve(double[][] cost, int[] capacities) {
    Capacities.requireSum(capacities, cost.length);
    ScaledCosts scaled = ScaledCosts.of(cost, capacities.length);
    BalancedAssignment solver = new BalancedAssignment(scaled, capacities.clone());
    for (int item = 0; item < scaled.items; item++) {
      solver.place(item);
    }
    long proven = certify(scaled, solver.capacity, solver.clusterOf, solver.potential);
    double sum = 0;
    for (int item = 0; item < scaled.items; item++) {
      sum += cost[item][solver.clusterOf[item]];
    }
    return new Assignment(solver.clusterOf, sum, proven, proven, scaled.unit);
  }

  /**
   * Proves by linear-programming duality that no assignment is cheaper: for any potentials p, the
   * sum over items of min_c(cost - p_c) plus the sum of capacity x p bounds every assignment from
   * below.
   *
   * @return the cost that is proven least, in steps
   * @throws CmoeException VERIFICATION when a cluster is not filled or the bound is not met
   */
  static long certify(ScaledCosts cost, int[] capacities, int[] clusterOf, long[] potentials) {
    int[] filled = new int[capacities.length];
    long primal = 0;
    long dual = 0;
    for (int item = 0; item < cost.items; item++) {
      primal += cost.get(item, clusterOf[item]);
      filled[clusterOf[item]]++;
      long least = Long.MAX_VALUE;
      for (int c = 0; c < capacities.length; c++) {
        least = Math.min(least, cost.get(item, c) - potentials[c]);
      }
      dual += least;
    }
    for (int c = 0; c < capacities.length; c++) {
      dual += capacities[c] * potentials[c];
    }
    if (primal != dual || !Arrays.equals(filled, capacities)) {
      throw CmoeException.verification(
          String.format(
              "assignment of %d items to %d clusters is not proven cheapest: primal %d, dual %d",
              cost.items, capacities.length, primal, dual));
    }
    return primal;
  }

  private void place(int item) {
    int end = nearestWithRoom(item);
    for (int c = 0; c < clusters; c++) {
      if (settled[c]) {
        potential[c] += distance[c] - distance[end];
      }
    }
    int to = end;
    while (from[to] != NONE) {
      int source = from[to];
      SwapHeap heap = moves[source * clusters + to];
      int moved = heap.topItem();
      heap.removeTop();
      enter(moved, to);
      to = source;
    }
    enter(item, to);
    if (++load[end] == capacity[end]) {
      openMoves(end);
    }
  }

  /** Dijkstra from {@code item} over the clusters, up to the first one that has room. */
  private int nearestWithRoom(int item) {
    for (int c = 0; c < clusters; c++) {
      distance[c] = cost.get(item, c) - potential[c];
      from[c] = NONE;
      settled[c] = false;
    }
    while (true) {
      int near = NONE;
      for (int c = 0; c < clusters; c++) {
        if (!settled[c] && (near == NONE || distance[c] < distance[near])) {
          near = c;
        }
      }
      settled[near] = true;
      if (load[near] < capacity[near]) {
        return near;
      }
      for (int c = 0; c < clusters; c++) {
        if (!settled[c]) {
          long through = distance[near] + cheapestMove(near, c) + potential[near] - potential[c];
          if (through < distance[c]) {
            distance[c] = through;
            from[c] = near;
          }
        }
      }
    }
  }

  private long cheapestMove(int source, int target) {
    SwapHeap heap = moves[source * clusters + target];
    while (clusterOf[heap.topItem()] != source) {
      heap.removeTop();
    }
    return heap.topPrice();
  }

  private void enter(int item, int cluster) {
    clusterOf[item] = cluster;
    if (load[cluster] == capacity[cluster]) {
      for (int to = 0; to < clusters; to++) {
        if (to != cluster) {
          moves[cluster * clusters + to].add(price(item, cluster, to), item);
        }
      }
    }
  }

  private void openMoves(int cluster) {
    for (int to = 0; to < clusters; to++) {
      if (to != cluster) {
        moves[cluster * clusters + to] = new SwapHeap(capacity[cluster] + 8);
      }
    }
    for (int item = 0; item < clusterOf.length; item++) {
      if (clusterOf[item] == cluster) {
        for (int to = 0; to < clusters; to++) {
          if (to != cluster) {
            moves[cluster * clusters + to].append(price(item, cluster, to), item);
          }
        }
      }
    }
    for (int to = 0; to < clusters; to++) {
      if (to != cluster) {
        moves[cluster * clusters + to].restoreOrder();
      }
    }
  }

  private long price(int item, int source, int target) {
    return cost.get(item, target) - cost.get(item, source);
  }
}
