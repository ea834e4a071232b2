package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cmoe.run.CmoeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BalancedKMeansTest {
  private static final int Q = 24;

  @Test
  void findsPlantedGroupsWhateverTheLengthOfTheRows() {
    float[] rows = planted(60, 3, 0.2, 1);

    Clustering found = cluster(rows, Capacities.even(3, 20), 20);

    assertThat(found.settled()).isTrue();
    for (int i = 0; i < 60; i++) {
      for (int l = 0; l < i; l++) {
        assertThat(found.clusterOf()[i] == found.clusterOf()[l]).isEqualTo(i % 3 == l % 3);
      }
    }
  }

  @Test
  void inertiaIsTheSquaredDistanceAndNeverGrows() {
    float[] rows = planted(50, 5, 3, 2);
    int[] capacities = {8, 9, 10, 11, 12};
    double before = Double.POSITIVE_INFINITY;
    for (int iterations = 1; iterations <= 8; iterations++) {
      Clustering found = cluster(rows, capacities, iterations);
      assertThat(found.inertia()).isLessThanOrEqualTo(before + 1e-5);
      before = found.inertia();
    }

    Clustering last = cluster(rows, capacities, 100);

    assertThat(last.settled()).isTrue();
    // Settled, so the centroids in use are the means of the clusters returned.
    assertThat(last.inertia()).isCloseTo(inertia(rows, last.clusterOf(), 5), within(1e-4));
    int[] filled = new int[5];
    Arrays.stream(last.clusterOf()).forEach(c -> filled[c]++);
    assertThat(filled).isEqualTo(capacities);
  }

  @Test
  void sameSeedSameClusters() {
    float[] rows = planted(50, 5, 3, 3);
    int[] capacities = Capacities.even(5, 10);

    Clustering first = cluster(rows, capacities, 20);
    Clustering second = cluster(rows, capacities, 20);

    assertThat(second.clusterOf()).isEqualTo(first.clusterOf());
    assertThat(second.inertia()).isEqualTo(first.inertia());
  }

  @Test
  void doesNotDependOnWhereTheRowsLie() {
    float[] rows = planted(40, 4, 3, 4);
    int[] capacities = Capacities.even(4, 10);
    FloatBuffer direct = Nd4jGemm.allocate(rows.length + 3);
    direct.position(3).duplicate().put(rows);
    FloatBuffer swapped =
        ByteBuffer.allocateDirect(4 * rows.length).order(ByteOrder.BIG_ENDIAN).asFloatBuffer();
    swapped.duplicate().put(rows);
    int[] expected = cluster(rows, capacities, 20).clusterOf();
    BalancedKMeans kMeans = new BalancedKMeans(capacities, 9, 20);

    assertThat(kMeans.cluster(FloatRows.of(direct, 40, Q)).clusterOf()).isEqualTo(expected);
    assertThat(kMeans.cluster(FloatRows.of(swapped, 40, Q)).clusterOf()).isEqualTo(expected);
    assertThat(direct.get(3)).as("rows are not written to").isEqualTo(rows[0]);
    for (int blockRows : new int[] {1, 7, 40}) {
      FloatRows blocks = inBlocks(FloatRows.of(FloatBuffer.wrap(rows), 40, Q), blockRows);
      assertThat(kMeans.cluster(blocks).clusterOf()).isEqualTo(expected);
    }
  }

  @Test
  void deadNeuronsAndPaddingFillUp() {
    float[] rows = planted(22, 2, 0.1, 5);
    Arrays.fill(rows, 4 * Q, 6 * Q, 0);

    Clustering found = cluster(rows, Capacities.even(2, 12), 20);

    assertThat(found.clusterOf()).hasSize(24);
    for (int i = 0; i < 22; i++) {
      if (i < 4 || i > 5) {
        assertThat(found.clusterOf()[i]).isEqualTo(found.clusterOf()[i % 2]);
      }
    }
  }

  @Test
  void survivesRowsWithoutAnyDirection() {
    Clustering dead = cluster(new float[6 * Q], Capacities.even(3, 2), 20);
    float[] same = new float[6 * Q];
    Arrays.fill(same, 1);
    Clustering equal = cluster(same, Capacities.even(3, 2), 20);

    assertThat(dead.inertia()).isZero();
    assertThat(equal.inertia()).isCloseTo(0, within(1e-5));
  }

  @Test
  void refusesRowsThatAreNotFinite() {
    float[] rows = planted(6, 2, 0.1, 6);
    rows[3 * Q + 5] = Float.NaN;

    assertThatThrownBy(() -> cluster(rows, Capacities.even(2, 3), 20))
        .isInstanceOf(CmoeException.class)
        .hasMessageContaining("row 3");
  }

  @Test
  void refusesShapesThatDoNotFit() {
    assertThatThrownBy(() -> cluster(new float[7 * Q], Capacities.even(2, 3), 20))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> cluster(new float[2 * Q], Capacities.even(3, 1), 20))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FloatRows.of(FloatBuffer.allocate(5), 2, 3))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Clustering cluster(float[] rows, int[] capacities, int iterations) {
    FloatRows matrix = FloatRows.of(FloatBuffer.wrap(rows), rows.length / Q, Q);
    return new BalancedKMeans(capacities, 9, iterations).cluster(matrix);
  }

  /** Row i is group i % groups's pattern plus noise, at a random length. */
  private static float[] planted(int n, int groups, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] rows = new float[n * Q];
    for (int i = 0; i < n; i++) {
      double length = 0.01 + 10 * random.nextDouble();
      for (int t = 0; t < Q; t++) {
        double pattern = t % groups == i % groups ? 1 : 0;
        rows[i * Q + t] = (float) (length * (pattern + noise * random.nextDouble()));
      }
    }
    return rows;
  }

  private static double inertia(float[] rows, int[] clusterOf, int clusters) {
    int n = clusterOf.length;
    double[][] unit = new double[n][Q];
    double[][] mean = new double[clusters][Q];
    int[] size = new int[clusters];
    for (int i = 0; i < n; i++) {
      double length = 0;
      for (int t = 0; t < Q; t++) {
        length += (double) rows[i * Q + t] * rows[i * Q + t];
      }
      size[clusterOf[i]]++;
      for (int t = 0; t < Q; t++) {
        unit[i][t] = rows[i * Q + t] / Math.sqrt(length);
        mean[clusterOf[i]][t] += unit[i][t];
      }
    }
    double inertia = 0;
    for (int i = 0; i < n; i++) {
      for (int t = 0; t < Q; t++) {
        double apart = unit[i][t] - mean[clusterOf[i]][t] / size[clusterOf[i]];
        inertia += apart * apart;
      }
    }
    return inertia;
  }

  private static FloatRows inBlocks(FloatRows rows, int blockRows) {
    return new FloatRows() {
      @Override
      public int rows() {
        return rows.rows();
      }

      @Override
      public int columns() {
        return rows.columns();
      }

      @Override
      public FloatBuffer block(int first, int count) {
        return rows.block(first, count);
      }

      @Override
      public int blockRows() {
        return blockRows;
      }
    };
  }
}
