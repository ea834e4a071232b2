package dev.cmoe.eval;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PerplexityTest {
  private static final Offset<Double> CLOSE = Offset.offset(1e-12);

  private static Perplexity of(double[]... windows) {
    Perplexity.Sum sum = new Perplexity.Sum();
    for (double[] window : windows) {
      sum.add(window);
    }
    return sum.result();
  }

  @Test
  void isTheExponentOfTheMeanOfTheWindowsMeans() {
    Perplexity perplexity = of(new double[] {1, 3}, new double[] {2, 2}, new double[] {5, 3});

    // Means 2, 2 and 4.
    assertThat(perplexity.nats()).isEqualTo(8 / 3.0, CLOSE);
    assertThat(perplexity.value()).isEqualTo(Math.exp(8 / 3.0), CLOSE);
  }

  /** Means 2, 2, 4: variance (4/9 + 4/9 + 16/9) / 2 = 4/3, error of the mean sqrt(4/9). */
  @Test
  void takesItsErrorFromTheSpreadOfTheWindows() {
    Perplexity perplexity = of(new double[] {1, 3}, new double[] {2, 2}, new double[] {5, 3});

    assertThat(perplexity.standardError()).isEqualTo(Math.exp(8 / 3.0) * 2 / 3, CLOSE);
    assertThat(of(new double[] {1, 3}, new double[] {3, 1}).standardError()).isZero();
  }

  /** Variance of 1, 3, 2, 6 about 3 is 14/3; error of the mean sqrt(14/12). */
  @Test
  void takesItsErrorFromTheTokensOfASingleWindow() {
    Perplexity perplexity = of(new double[] {1, 3, 2, 6});

    assertThat(perplexity.standardError())
        .isEqualTo(Math.exp(3) * Math.sqrt(14 / 12.0), Offset.offset(1e-9));
    assertThat(of(new double[] {1.5}).standardError()).isZero();
  }
}
