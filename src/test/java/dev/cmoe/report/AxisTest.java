package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AxisTest {
  @Test
  void coversTheValuesWithRoundTicks() {
    Axis axis = Axis.linear(0.533, 1, 4);
    assertThat(axis.low()).isLessThanOrEqualTo(0.533);
    assertThat(axis.high()).isEqualTo(1);
    assertThat(axis.at(axis.low())).isZero();
    assertThat(axis.at(2)).isEqualTo(1);
    assertThat(axis.ticks()).hasSizeBetween(3, 7);
  }

  @Test
  void standsASingleValue() {
    for (double value : new double[] {0, 1, -3}) {
      Axis axis = Axis.linear(value, value, 4);
      assertThat(axis.high()).isGreaterThan(axis.low());
      assertThat(axis.at(value)).isBetween(0.0, 1.0);
    }
  }

  @Test
  void takesEqualLengthsForEqualRatios() {
    Axis axis = Axis.logarithmic(4.35, 1076.9);
    assertThat(axis.ticks()).containsExactly(10.0, 100.0, 1000.0);
    assertThat(axis.at(100) - axis.at(10)).isCloseTo(axis.at(1000) - axis.at(100), within());
    assertThat(Axis.logarithmic(50, 700).ticks()).containsExactly(50.0, 100.0, 200.0, 500.0);
  }

  @Test
  void thinsTheLabelsOfManyLayers() {
    assertThat(Axis.labelStep(6, 9)).isEqualTo(1);
    assertThat(Axis.labelStep(22, 9)).isEqualTo(5);
    assertThat(Axis.labelStep(80, 9)).isEqualTo(10);
    assertThat(Axis.labelStep(1000, 9)).isEqualTo(200);
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-12);
  }
}
