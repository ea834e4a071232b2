package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PaperGroupingTest {
  private static final int WIDTH = 48;
  private static final Markers MARKERS = MarkersTest.random(3, 200, 5, WIDTH);
  private static final double[] MEAN_ABS = new double[WIDTH];
  private static final PaperGrouping GROUPING = new PaperGrouping(12, 3, 12, MarkerDistance.BITS);

  @Test
  void separatesNeuronsThatFireTogether() {
    // 0 always fires; 1, 3, 5 at even tokens, 2, 4, 6 at odd ones. 7 never.
    int[] ids = new int[20 * 4];
    for (int t = 0; t < 20; t++) {
      int odd = t % 2;
      System.arraycopy(new int[] {0, 1 + odd, 3 + odd, 5 + odd}, 0, ids, 4 * t, 4);
    }
    Markers markers = Markers.of(ids, 4, 7);

    Grouping grouping =
        new PaperGrouping(1, 2, 3, MarkerDistance.BITS)
            .group(markers, new double[] {1, 3, 5, 1, 1, 1, 1});

    assertThat(grouping.shared()).containsExactly(0);
    // Equal rates, so the mean |h| of 2 and then of 1 makes them the seeds.
    assertThat(grouping.experts()).containsExactly(new int[] {2, 4, 6}, new int[] {1, 3, 5});
    assertThat(grouping.representatives()).containsExactly(2, 1);
  }

  @Test
  void sharesTheNeuronsWithTheHighestRates() {
    Grouping grouping = GROUPING.group(MARKERS, MEAN_ABS);

    int least = Arrays.stream(grouping.shared()).map(MARKERS::count).min().orElseThrow();
    assertThat(grouping.shared()).hasSize(12);
    for (int[] expert : grouping.experts()) {
      assertThat(expert).hasSize(12);
      assertThat(Arrays.stream(expert).map(MARKERS::count)).allMatch(c -> c <= least);
    }
  }

  @Test
  void theDistanceToTheSeedsIsTheLeastThatBalancedExpertsAllow() {
    Grouping grouping = GROUPING.group(MARKERS, MEAN_ABS);
    NeuronRanking ranking =
        NeuronRanking.of(Arrays.stream(MARKERS.counts()).asDoubleStream().toArray());
    int[] seeds = Arrays.copyOfRange(ranking.first(15), 12, 15);
    int[] rest = ranking.others(12);
    double[][] table = MarkerDistance.BITS.table(MARKERS, rest, seeds);
    int[] expertOf = grouping.expertOf();

    double sum = 0;
    for (int i = 0; i < rest.length; i++) {
      sum += table[i][expertOf[rest[i]]];
    }

    assertThat(sum).isEqualTo(DenseAssignment.leastCost(table, new int[] {12, 12, 12}));
  }

  @Test
  void theRepresentativeIsNearestToTheMeanOfItsExpert() {
    Grouping grouping = GROUPING.group(MARKERS, MEAN_ABS);
    for (int e = 0; e < 3; e++) {
      int[] members = grouping.experts().get(e);
      double[] distance =
          Arrays.stream(members).mapToDouble(i -> distanceToMean(i, members)).toArray();
      double least = Arrays.stream(distance).min().orElseThrow();
      int chosen = Arrays.binarySearch(members, grouping.representatives()[e]);

      assertThat(distance[chosen]).isCloseTo(least, within(1e-9));
      for (int i = 0; i < chosen; i++) {
        assertThat(distance[i]).as("a lower index that ties").isGreaterThan(least + 1e-9);
      }
    }
  }

  @Test
  void bothDistancesGiveTheSameGrouping() {
    Grouping bits = GROUPING.group(MARKERS, MEAN_ABS);
    Grouping gemm = new PaperGrouping(12, 3, 12, MarkerDistance.GEMM).group(MARKERS, MEAN_ABS);

    assertThat(gemm.expertOf()).isEqualTo(bits.expertOf());
    assertThat(gemm.representatives()).isEqualTo(bits.representatives());
  }

  @Test
  void meanAbsDecidesBetweenEqualRates() {
    Markers markers = Markers.of(new int[] {0, 1, 2, 3, 4, 5}, 1, 6);
    PaperGrouping grouping = new PaperGrouping(2, 2, 2, MarkerDistance.BITS);

    assertThat(grouping.group(markers, new double[] {0, 0, 1, 0, 2, 0}).shared())
        .containsExactly(2, 4);
    assertThat(grouping.group(markers, new double[6]).shared()).containsExactly(0, 1);
  }

  @Test
  void paddingComesLastAndRepresentsNothing() {
    // Four experts of 13 have 4 places more than there are neurons.
    Grouping grouping = new PaperGrouping(13, 3, 13, MarkerDistance.BITS).group(MARKERS, MEAN_ABS);

    assertThat(grouping.places()).isEqualTo(52);
    assertThat(IntStream.of(grouping.shared())).allMatch(id -> id < WIDTH);
    assertThat(IntStream.of(grouping.representatives())).allMatch(id -> id < WIDTH);
    assertThat(grouping.experts()).allMatch(e -> e.length == 13);
    assertThat(grouping.experts().stream().flatMapToInt(IntStream::of).filter(id -> id >= WIDTH))
        .hasSize(4);
  }

  @Test
  void refusesShapesThatDoNotHoldTheLayer() {
    assertThatThrownBy(
            () -> new PaperGrouping(12, 3, 11, MarkerDistance.BITS).group(MARKERS, MEAN_ABS))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new PaperGrouping(47, 3, 11, MarkerDistance.BITS).group(MARKERS, MEAN_ABS))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> GROUPING.group(MARKERS, new double[3]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static double distanceToMean(int neuron, int[] members) {
    double distance = 0;
    for (int t = 0; t < MARKERS.tokens(); t++) {
      int token = t;
      double mean =
          Arrays.stream(members).filter(i -> MARKERS.column(i).get(token)).count()
              / (double) members.length;
      distance += Math.abs((MARKERS.column(neuron).get(t) ? 1 : 0) - mean);
    }
    return distance;
  }
}
