package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cmoe.run.CmoeException;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BenefitGroupingTest {

  @Test
  void benefitIsTheContributionWhileTheExpertRuns() {
    int n = 37;
    int q = 53;
    int k = 4;
    SplittableRandom random = new SplittableRandom(1);
    float[] squared = new float[n * q];
    float[] active = new float[q * k];
    for (int i = 0; i < squared.length; i++) {
      squared[i] = (float) random.nextDouble();
    }
    for (int i = 0; i < active.length; i++) {
      active[i] = random.nextInt(2);
    }

    double[][] benefit =
        BenefitGrouping.benefit(
            FloatRows.of(FloatBuffer.wrap(squared), n, q), FloatBuffer.wrap(active), k);

    for (int i = 0; i < n; i++) {
      for (int e = 0; e < k; e++) {
        double sum = 0;
        for (int t = 0; t < q; t++) {
          sum += squared[i * q + t] * active[t * k + e];
        }
        assertThat(benefit[i][e]).isCloseTo(sum, within(1e-4));
      }
    }
  }

  @Test
  void keepsTheLargestSumOfBenefits() {
    SplittableRandom random = new SplittableRandom(2);
    int[] capacities = {5, 9, 6};
    double[][] benefit = new double[20][3];
    double[][] cost = new double[20][3];
    for (int i = 0; i < 20; i++) {
      for (int e = 0; e < 3; e++) {
        benefit[i][e] = random.nextInt(10);
        cost[i][e] = -benefit[i][e];
      }
    }

    Assignment found = new BenefitGrouping(capacities).assign(benefit);

    assertThat(found.cost()).isEqualTo(DenseAssignment.leastCost(cost, capacities));
  }

  @Test
  void groupsWithPaddingWhereItCostsLeast() {
    double[][] benefit = {{5, 1}, {4, 1}, {3, 1}, {0, 1}, {0, 1}};

    Grouping grouping =
        new BenefitGrouping(new int[] {3, 3})
            .group(benefit, new int[] {2}, new int[] {0, 1, 3, 4, 5, 6});

    assertThat(grouping.shared()).containsExactly(2);
    assertThat(grouping.experts()).containsExactly(new int[] {0, 1, 3}, new int[] {4, 5, 6});
  }

  @Test
  void refusesWhatItCannotAssign() {
    BenefitGrouping grouping = new BenefitGrouping(new int[] {1, 1});
    assertThatThrownBy(() -> grouping.assign(new double[][] {{0, Double.NaN}, {0, 0}}))
        .isInstanceOf(CmoeException.class);
    assertThatThrownBy(() -> grouping.assign(new double[3][2]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> grouping.assign(new double[2][3]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                BenefitGrouping.benefit(
                    FloatRows.of(FloatBuffer.allocate(6), 2, 3), FloatBuffer.allocate(5), 2))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
