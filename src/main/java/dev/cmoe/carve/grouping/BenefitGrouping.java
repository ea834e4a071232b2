package dev.cmoe.carve.grouping;

import dev.cmoe.run.CmoeException;
import java.nio.FloatBuffer;

/**
 * Gives each neuron to the expert in which it is worth most. With B[j, e] = sum_t c_tj^2 active[t,
 * e], the squared contribution of neuron j at the tokens where expert e runs, the grouping keeps as
 * much of it as experts of fixed sizes can. In turn with a choice of the active experts it improves
 * a grouping step by step.
 *
 * @param capacities size of each expert, at least one
 */
public record BenefitGrouping(int[] capacities) {

  public BenefitGrouping {
    Capacities.sum(capacities);
    capacities = capacities.clone();
  }

  /**
   * B = contribution x active.
   *
   * @param contribution [n, q]: squared contribution of each neuron at each token
   * @param active [q, k] row-major: 1 where expert e runs at token t, or any weight of it
   * @param experts k
   * @return [n, k]
   */
  public static double[][] benefit(FloatRows contribution, FloatBuffer active, int experts) {
    int n = contribution.rows();
    int q = contribution.columns();
    if (experts < 1 || active.remaining() < (long) q * experts) {
      throw new IllegalArgumentException(
          "[" + q + ", " + experts + "] does not fit " + active.remaining() + " floats");
    }
    FloatBuffer weights = Nd4jGemm.allocate((long) q * experts);
    weights.duplicate().put(active.slice(active.position(), q * experts));
    int blockRows = contribution.blockRows();
    FloatBuffer products = Nd4jGemm.allocate((long) blockRows * experts);
    double[][] benefit = new double[n][experts];
    for (int first = 0; first < n; first += blockRows) {
      int count = Math.min(blockRows, n - first);
      FloatBuffer block = contribution.block(first, count);
      Nd4jGemm.times(block, weights, products.slice(0, count * experts), count, q, experts);
      for (int i = 0; i < count; i++) {
        for (int e = 0; e < experts; e++) {
          benefit[first + i][e] = products.get(i * experts + e);
        }
      }
    }
    return benefit;
  }

  /**
   * The assignment with the largest sum of benefits. Places beyond the rows of {@code benefit} are
   * padding, worth nothing anywhere.
   *
   * @param benefit [n, k], more is better; n is at most the sum of the capacities
   * @return an assignment of all places whose {@link Assignment#cost} is the negated sum
   * @throws CmoeException VERIFICATION when a benefit is not finite
   */
  public Assignment assign(double[][] benefit) {
    int places = Capacities.sum(capacities);
    if (benefit.length > places) {
      throw new IllegalArgumentException(benefit.length + " rows for " + places + " places");
    }
    double[][] cost = new double[places][capacities.length];
    for (int i = 0; i < benefit.length; i++) {
      if (benefit[i].length != capacities.length) {
        throw new IllegalArgumentException(
            "benefit row " + i + " has " + benefit[i].length + " entries");
      }
      for (int e = 0; e < capacities.length; e++) {
        // 0 - b rather than -b: no negative zeros.
        cost[i][e] = 0 - benefit[i][e];
      }
    }
    return BalancedAssignment.solve(cost, capacities);
  }

  /**
   * {@link #assign} as a grouping.
   *
   * @param shared ids that always run, ascending
   * @param ids id of each place, ascending, padding last
   */
  public Grouping group(double[][] benefit, int[] shared, int[] ids) {
    return Grouping.of(shared, ids, assign(benefit).clusterOf(), capacities.length);
  }
}
