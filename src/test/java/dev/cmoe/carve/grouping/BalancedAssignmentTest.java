package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BalancedAssignmentTest {

  @Test
  void matchesExhaustiveSearchOnTinyProblems() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 400; round++) {
      int[] capacities = capacities(random, 1 + random.nextInt(3), 3);
      double[][] cost = integers(random, Capacities.sum(capacities), capacities.length, 6);

      Assignment found = BalancedAssignment.solve(cost, capacities);

      assertThat(found.cost()).isEqualTo(cheapest(cost, capacities.clone(), 0));
      assertFills(found, capacities);
    }
  }

  @Test
  void matchesTheDenseSolverWithTiesAndUnevenCapacities() {
    SplittableRandom random = new SplittableRandom(2);
    for (int round = 0; round < 200; round++) {
      int[] capacities = capacities(random, 1 + random.nextInt(7), 9);
      int n = Capacities.sum(capacities);
      double[][] cost = integers(random, n, capacities.length, 1 + random.nextInt(12));

      Assignment found = BalancedAssignment.solve(cost, capacities);

      assertThat(found.cost()).isEqualTo(DenseAssignment.leastCost(cost, capacities));
      assertFills(found, capacities);
    }
  }

  @Test
  void matchesTheDenseSolverOnRealCosts() {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 100; round++) {
      int[] capacities = capacities(random, 2 + random.nextInt(6), 9);
      double[][] cost = reals(random, Capacities.sum(capacities), capacities.length);

      Assignment found = BalancedAssignment.solve(cost, capacities);

      assertThat(found.cost()).isCloseTo(DenseAssignment.leastCost(cost, capacities), within(1e-9));
      assertFills(found, capacities);
    }
  }

  @Test
  void provesALargerProblem() {
    SplittableRandom random = new SplittableRandom(4);
    int[] capacities = Capacities.even(14, 48);
    double[][] cost = reals(random, 672, 14);

    Assignment found = BalancedAssignment.solve(cost, capacities);

    assertFills(found, capacities);
    assertThat(found.primal()).isEqualTo(found.dual());
    // The cheapest cluster for everyone is a lower bound, any other assignment an upper one.
    double lower = Arrays.stream(cost).mapToDouble(r -> Arrays.stream(r).min().orElseThrow()).sum();
    double upper = 0;
    for (int i = 0; i < 672; i++) {
      upper += cost[i][i % 14];
    }
    assertThat(found.cost()).isBetween(lower, upper);
  }

  @Test
  void givesTheSameAssignmentEveryTime() {
    SplittableRandom random = new SplittableRandom(5);
    int[] capacities = Capacities.even(9, 30);
    double[][] cost = integers(random, 270, 9, 3);

    int[] first = BalancedAssignment.solve(cost, capacities).clusterOf();

    assertThat(BalancedAssignment.solve(cost, capacities).clusterOf()).isEqualTo(first);
  }

  @Test
  void fillsInOrderWhenEveryCostIsTheSame() {
    double[][] cost = new double[6][3];

    Assignment found = BalancedAssignment.solve(cost, new int[] {1, 3, 2});

    assertThat(found.clusterOf()).containsExactly(0, 1, 1, 1, 2, 2);
  }

  @Test
  void holdsWholeNumbersWithoutLoss() {
    // 2^40 and 2^40 + 1 differ by less than a float can tell.
    double big = Math.scalb(1.0, 40);
    double[][] cost = {{0, big + 1}, {0, big}};

    Assignment found = BalancedAssignment.solve(cost, new int[] {1, 1});

    assertThat(found.clusterOf()).containsExactly(0, 1);
    assertThat(found.primal() * found.unit()).isEqualTo(big);
  }

  @Test
  void worksAtTheEndsOfTheDoubleRange() {
    for (double size : new double[] {Double.MIN_VALUE, Double.MIN_NORMAL, 1e-30, 1e300}) {
      double[][] cost = {{0, 3 * size}, {size, 2 * size}, {-size, 0}};

      assertThat(BalancedAssignment.solve(cost, new int[] {1, 2}).clusterOf())
          .containsExactly(0, 1, 1);
    }
  }

  @Test
  void refusesCostsThatAreNotFinite() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      double[][] cost = {{1, 2}, {3, bad}};
      assertThatThrownBy(() -> BalancedAssignment.solve(cost, new int[] {1, 1}))
          .isInstanceOf(CmoeException.class)
          .hasMessageContaining("item 1 in cluster 1")
          .extracting(e -> ((CmoeException) e).kind())
          .isEqualTo(FailureKind.VERIFICATION);
    }
    double[][] wide = {{-Double.MAX_VALUE, Double.MAX_VALUE}};
    assertThatThrownBy(() -> BalancedAssignment.solve(wide, new int[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class);
    double[][] tooWide = {{-Double.MAX_VALUE, Double.MAX_VALUE}, {0, 0}};
    assertThatThrownBy(() -> BalancedAssignment.solve(tooWide, new int[] {1, 1}))
        .isInstanceOf(CmoeException.class);
  }

  @Test
  void refusesCapacitiesThatDoNotFit() {
    assertThatThrownBy(() -> BalancedAssignment.solve(new double[3][2], new int[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> BalancedAssignment.solve(new double[2][2], new int[] {2, 0}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> BalancedAssignment.solve(new double[2][3], new int[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void certificateRejectsAWorseOrUnfilledAssignment() {
    ScaledCosts cost = ScaledCosts.of(new double[][] {{0, 1}, {1, 0}}, 2);
    int[] capacities = {1, 1};
    long[] potentials = new long[2];

    assertThat(BalancedAssignment.certify(cost, capacities, new int[] {0, 1}, potentials)).isZero();
    for (int[] wrong : new int[][] {{1, 0}, {0, 0}}) {
      assertThatThrownBy(() -> BalancedAssignment.certify(cost, capacities, wrong, potentials))
          .isInstanceOf(CmoeException.class)
          .extracting(e -> ((CmoeException) e).kind())
          .isEqualTo(FailureKind.VERIFICATION);
    }
  }

  private static void assertFills(Assignment found, int[] capacities) {
    int[] filled = new int[capacities.length];
    for (int cluster : found.clusterOf()) {
      filled[cluster]++;
    }
    assertThat(filled).isEqualTo(capacities);
  }

  private static double cheapest(double[][] cost, int[] room, int item) {
    if (item == cost.length) {
      return 0;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int c = 0; c < room.length; c++) {
      if (room[c] > 0) {
        room[c]--;
        best = Math.min(best, cost[item][c] + cheapest(cost, room, item + 1));
        room[c]++;
      }
    }
    return best;
  }

  private static int[] capacities(SplittableRandom random, int clusters, int most) {
    int[] capacities = new int[clusters];
    for (int c = 0; c < clusters; c++) {
      capacities[c] = 1 + random.nextInt(most);
    }
    return capacities;
  }

  private static double[][] integers(SplittableRandom random, int n, int k, int below) {
    double[][] cost = new double[n][k];
    for (double[] row : cost) {
      Arrays.setAll(row, c -> random.nextInt(below));
    }
    return cost;
  }

  /** Uniform plus a bias of each cluster, so that all items want the same few. */
  private static double[][] reals(SplittableRandom random, int n, int k) {
    double[] bias = new double[k];
    Arrays.setAll(bias, c -> random.nextDouble());
    double[][] cost = new double[n][k];
    for (double[] row : cost) {
      Arrays.setAll(row, c -> random.nextDouble() + bias[c]);
    }
    return cost;
  }
}
