package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class RateHistogramTest {
  @Test
  void countsEveryRateOnce() {
    RateHistogram rates =
        RateHistogram.of(new double[] {1, 0.999, 0.1}, new double[] {0, 5e-5, 1e-4, 0.01});

    assertThat(rates.edges()).startsWith(0.0, 1e-4).endsWith(0.5623, 1.0).hasSize(18);
    assertThat(rates.shared()).endsWith(2L).hasSize(17);
    assertThat(rates.shared().get(rates.edges().indexOf(0.1))).isEqualTo(1);
    assertThat(rates.routed()).startsWith(2L, 1L);
    assertThat(rates.routed().get(rates.edges().indexOf(0.01))).isEqualTo(1);
  }

  @Test
  void addsUp() {
    RateHistogram one = RateHistogram.of(new double[] {1}, new double[] {0});
    RateHistogram sum = RateHistogram.sum(List.of(one, one));

    assertThat(sum.shared()).endsWith(2L);
    assertThat(sum.routed()).startsWith(2L);
    assertThat(RateHistogram.sum(List.of())).isNull();
  }

  @Test
  void refusesBinsThatDoNotMatchTheirEdges() {
    assertThatThrownBy(() -> new RateHistogram(List.of(0.0, 1.0), List.of(1L, 2L), List.of(1L)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RateHistogram(List.of(1.0, 0.0), List.of(1L), List.of(1L)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
