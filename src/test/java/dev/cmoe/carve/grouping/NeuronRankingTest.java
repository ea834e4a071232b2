package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import org.junit.jupiter.api.Test;

class NeuronRankingTest {

  @Test
  void ranksByScoreThenTieScoreThenIndex() {
    NeuronRanking ranking =
        NeuronRanking.of(
            new double[] {1, 2, 2, -0.0, 0.0, 2}, new double[] {9, 0.5, 0.7, 0, 0, 0.5});

    assertThat(ranking.first(6)).containsExactly(2, 1, 5, 0, 3, 4);
    assertThat(ranking.highest(3)).containsExactly(1, 2, 5);
    assertThat(ranking.others(3)).containsExactly(0, 3, 4);
    assertThat(ranking.highest(0)).isEmpty();
    assertThat(ranking.others(6)).isEmpty();
  }

  @Test
  void keepsTheIndexWhereScoresAreTheSame() {
    assertThat(NeuronRanking.of(new double[5]).first(5)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void refusesWhatIsNoNumber() {
    assertThatThrownBy(() -> NeuronRanking.of(new double[] {1, Double.NaN}))
        .isInstanceOf(CmoeException.class)
        .hasMessageContaining("neuron 1");
    assertThatThrownBy(() -> NeuronRanking.of(new double[3]).highest(4))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
