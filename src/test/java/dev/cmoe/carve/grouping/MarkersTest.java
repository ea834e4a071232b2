package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MarkersTest {

  @Test
  void listsTheTokensOfEachNeuron() {
    Markers markers = Markers.of(new int[] {3, 0, 0, 1, 3, 1}, 2, 5);

    assertThat(markers.tokens()).isEqualTo(3);
    assertThat(markers.neurons()).isEqualTo(5);
    assertThat(markers.counts()).containsExactly(2, 2, 0, 2, 0);
    assertThat(markers.tokensOf(0)).containsExactly(0, 1);
    assertThat(markers.tokensOf(1)).containsExactly(1, 2);
    assertThat(markers.tokensOf(3)).containsExactly(0, 2);
    assertThat(markers.tokensOf(4)).isEmpty();
    assertThat(markers.overlap(0, markers.column(3))).isEqualTo(1);
  }

  @Test
  void refusesIdsThatAreNotOneTokensTopNeurons() {
    assertThatThrownBy(() -> Markers.of(new int[] {0, 5}, 2, 5))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Markers.of(new int[] {0, -1}, 2, 5))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Markers.of(new int[] {1, 2, 4, 4}, 2, 5))
        .hasMessageContaining("token 1 names neuron 4 twice");
    assertThatThrownBy(() -> Markers.of(new int[] {0, 1, 2}, 2, 5))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bothWaysGiveTheL1DistanceExactly() {
    Markers markers = random(7, 300, 6, 40);
    int[] neurons = IntStream.range(0, 40).filter(i -> i % 3 != 0).toArray();
    int[] seeds = {0, 11, 39};

    double[][] bits = MarkerDistance.BITS.table(markers, neurons, seeds);

    assertThat(MarkerDistance.GEMM.table(markers, neurons, seeds)).isDeepEqualTo(bits);
    for (int i = 0; i < neurons.length; i++) {
      for (int j = 0; j < seeds.length; j++) {
        int differing = 0;
        for (int t = 0; t < markers.tokens(); t++) {
          boolean own = markers.column(neurons[i]).get(t);
          differing += own != markers.column(seeds[j]).get(t) ? 1 : 0;
        }
        assertThat(bits[i][j]).isEqualTo(differing);
      }
    }
  }

  /** Markers in which low ids fire more often than high ones. */
  static Markers random(long seed, int tokens, int perToken, int neurons) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] ids = new int[tokens * perToken];
    for (int t = 0; t < tokens; t++) {
      boolean[] taken = new boolean[neurons];
      for (int a = 0; a < perToken; a++) {
        int id;
        do {
          id = (int) (neurons * random.nextDouble() * random.nextDouble());
        } while (taken[id]);
        taken[id] = true;
        ids[t * perToken + a] = id;
      }
    }
    return Markers.of(ids, perToken, neurons);
  }
}
