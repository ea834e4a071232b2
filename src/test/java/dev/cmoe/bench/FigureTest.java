package dev.cmoe.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class FigureTest {
  @Test
  void tellsMiddleAndEndsOfRunsInAnyOrder() {
    Figure odd = new Figure(List.of(5., 1., 3.));
    assertThat(odd.median()).isEqualTo(3);
    assertThat(odd.least()).isEqualTo(1);
    assertThat(odd.most()).isEqualTo(5);
    assertThat(new Figure(List.of(4., 1., 2., 3.)).median()).isEqualTo(2.5);
  }

  @Test
  void aSlowSpellThatMeetsBothLeavesTheQuotient() {
    Figure carved = new Figure(List.of(20., 10., 10., 21., 20.));
    Figure dense = new Figure(List.of(10., 5., 5., 10., 11.));
    Figure ratio = carved.over(dense);
    assertThat(ratio.runs()).startsWith(2., 2., 2., 2.1);
    assertThat(ratio.median()).isEqualTo(2);
    // With one run more in the slow spell, the quotient of the medians is off by a factor of two.
    Figure late = new Figure(List.of(10., 5., 5., 5., 11.));
    assertThat(carved.over(late).median()).isEqualTo(2);
    assertThat(carved.median() / late.median()).isEqualTo(4);
  }

  @Test
  void unequalNumbersOfRunsAreNoPairs() {
    Figure one = new Figure(List.of(1.));
    assertThatThrownBy(() -> one.over(new Figure(List.of(1., 2.))))
        .hasMessage("1 runs cannot be paired with 2");
    assertThatThrownBy(() -> new Figure(List.of())).hasMessage("no runs");
  }
}
