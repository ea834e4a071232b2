package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class TrendTest {
  private static List<CurveChart.Point> line(int count, double noise) {
    return IntStream.range(0, count)
        .mapToObj(i -> new CurveChart.Point(i + 1, 5 - 0.01 * i + (i % 2 == 0 ? noise : -noise)))
        .toList();
  }

  @Test
  void leavesAStraightLineAsItIs() {
    List<CurveChart.Point> points = line(400, 0);
    List<CurveChart.Point> trend = Trend.of(points);
    assertThat(trend).hasSameSizeAs(points);
    for (int i = 0; i < points.size(); i++) {
      assertThat(trend.get(i).step()).isEqualTo(points.get(i).step());
      assertThat(trend.get(i).value()).isCloseTo(points.get(i).value(), Offset.offset(1e-9));
    }
  }

  @Test
  void takesOutNoise() {
    List<CurveChart.Point> trend = Trend.of(line(400, 1));
    assertThat(trend.get(200).value()).isCloseTo(3, Offset.offset(0.06));
    // At the ends, half of the neighbours are missing, and the noise is still far from 1.
    assertThat(trend.get(0).value()).isCloseTo(5, Offset.offset(0.3));
    assertThat(trend.get(399).value()).isCloseTo(1.01, Offset.offset(0.3));
    assertThat(Trend.suits(line(19, 0))).isFalse();
    assertThat(Trend.suits(line(20, 0))).isTrue();
  }
}
