package dev.cmoe.job.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cmoe.vector.Bfloat16;
import org.junit.jupiter.api.Test;

/** Against numbers worked out by hand. */
class PlainBlocksTest {
  private static final double EXACT = 1e-12;

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  @Test
  void denseIsSwiGlu() {
    double[][] y =
        PlainBlocks.dense(
            new double[][] {{1, 2}},
            new double[][] {{1, 0}, {0, 1}},
            new double[][] {{3, 0}, {0, 4}},
            new double[][] {{1, 10}});
    assertThat(y[0][0]).isCloseTo(silu(1) * 3 + 10 * silu(2) * 8, within(EXACT));
  }

  @Test
  void mixtureLeavesOutExpertsByTheirGates() {
    double[][] one = {{1}, {1}, {1}};
    double[][] down = {{1, 10, 100}};
    double[][] x = {{1}};
    double unit = silu(1);
    // One shared neuron, two experts of one.
    double[][] second = PlainBlocks.mixture(x, one, one, down, 1, 1, new double[][] {{0, 1}});
    assertThat(second[0][0]).isCloseTo(101 * unit, within(1e-9));
    double[][] all = PlainBlocks.mixture(x, one, one, down, 1, 1, new double[][] {{1, 1}});
    assertThat(all[0][0]).isCloseTo(111 * unit, within(1e-9));
  }

  @Test
  void gatesTakeTheLargestAndOfEqualOnesTheLower() {
    assertThat(PlainBlocks.gates(new double[][] {{0.1, 0.4, 0.3, 0.4}, {2, 2, 2, 2}}, 2))
        .isDeepEqualTo(new double[][] {{0, 1, 0, 1}, {1, 1, 0, 0}});
  }

  @Test
  void normedRowsHaveMeanSquareOne() {
    double[][] y = PlainBlocks.normed(new double[][] {{3, 4}}, new double[] {1, 2}, 0);
    double root = Math.sqrt(12.5);
    assertThat(y[0]).containsExactly(new double[] {3 / root, 8 / root}, within(EXACT));
  }

  @Test
  void attentionMixesWhatIsBefore() {
    // Heads of width 2 that turn by 1 a position; two query heads share one key head.
    double[] angles = {1};
    double[][] k = {{1, 0}, {1, 0}};
    double[][] v = {{1, 2}, {3, 4}};
    double[][] q = {{1, 0, 0, 1}, {1, 0, 0, 1}};
    double[][] y = PlainBlocks.attention(q, k, v, 2, 1, angles);
    // The first token sees itself only.
    assertThat(y[0]).containsExactly(new double[] {1, 2, 1, 2}, within(EXACT));
    // Query and key of the second token turn alike; to the first key it stands turned by 1.
    double before = Math.exp(Math.cos(1) / Math.sqrt(2));
    double itself = Math.exp(1 / Math.sqrt(2));
    double share = before / (before + itself);
    assertThat(y[1][0]).isCloseTo(share * 1 + (1 - share) * 3, within(EXACT));
    // (0,1) turned by 1 is (-sin 1, cos 1); with the second key it is at a right angle.
    double across = Math.exp(-Math.sin(1) / Math.sqrt(2));
    double other = across / (across + 1);
    assertThat(y[1][3]).isCloseTo(other * 2 + (1 - other) * 4, within(EXACT));
  }

  @Test
  void randomValuesAreExactInBfloat16() {
    double[][] values = PlainBlocks.random(3, 20, 30, 0.37);
    double squares = 0;
    for (double[] row : values) {
      for (double value : row) {
        assertThat(Bfloat16.value(Bfloat16.bits((float) value))).isEqualTo((float) value);
        squares += value * value;
      }
    }
    assertThat(Math.sqrt(squares / 600)).isCloseTo(0.37, within(0.05));
  }
}
