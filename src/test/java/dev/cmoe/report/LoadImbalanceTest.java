package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LoadImbalanceTest {
  @Test
  void isTheLargestLoadOverTheMean() {
    assertThat(LoadImbalance.of(new double[] {0.5, 0.25, 0.75, 0.5})).hasValue(1.5);
    assertThat(LoadImbalance.of(new double[] {7, 7, 7})).hasValue(1);
    assertThat(LoadImbalance.of(new double[] {0, 9, 0})).hasValue(3);
  }

  @Test
  void layersThatRouteNothingDoNotCount() {
    assertThat(LoadImbalance.of(new double[] {0, 0})).isEmpty();
    assertThat(LoadImbalance.of(new double[] {})).isEmpty();
    assertThat(LoadImbalance.mean(List.of(new long[] {1, 3}, new long[] {}, new long[] {4, 4})))
        .hasValue((1.5 + 1) / 2);
    assertThat(LoadImbalance.mean(List.of(new long[2]))).isEmpty();
  }
}
