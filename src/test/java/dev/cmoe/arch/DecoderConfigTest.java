package dev.cmoe.arch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DecoderConfigTest {
  /** d 24, d_ff 40, 3 layers, 6 query and 2 key-value heads of 8, 100 words. */
  private static DecoderConfig config(boolean biased, boolean tied) {
    return new DecoderConfig(
        "llama", 24, 40, 3, 6, 2, 8, 100, 64, 1e-5, biased, biased, tied, RopeSpec.plain(1e4));
  }

  @Test
  void countsFeedForwardParameters() {
    assertThat(config(false, false).feedForwardParameters(40)).isEqualTo(3 * 24 * 40);
    assertThat(config(true, false).feedForwardParameters(40)).isEqualTo(3 * 24 * 40 + 2 * 40 + 24);
  }

  @Test
  void countsEverythingElse() {
    int attention = 24 * 48 + 24 * 16 + 24 * 16 + 48 * 24;
    int bias = 48 + 16 + 16 + 24;
    int norms = 2 * 24;

    assertThat(config(false, false).otherParameters())
        .isEqualTo(3 * (attention + norms) + 24 + 2 * 100 * 24);
    assertThat(config(true, true).otherParameters())
        .isEqualTo(3 * (attention + bias + norms) + 24 + 100 * 24);
    assertThat(config(false, false).parameters())
        .isEqualTo(3 * (attention + norms + 3 * 24 * 40) + 24 + 2 * 100 * 24);
  }

  /** Llama-2-7B has 6,738,415,616 parameters, Llama-3-8B 8,030,261,248. */
  @Test
  void agreesWithPublishedCounts() {
    assertThat(
            new DecoderConfig(
                    "llama",
                    4096,
                    11008,
                    32,
                    32,
                    32,
                    128,
                    32000,
                    4096,
                    1e-5,
                    false,
                    false,
                    false,
                    RopeSpec.plain(1e4))
                .parameters())
        .isEqualTo(6_738_415_616L);
    assertThat(
            new DecoderConfig(
                    "llama",
                    4096,
                    14336,
                    32,
                    32,
                    8,
                    128,
                    128256,
                    8192,
                    1e-5,
                    false,
                    false,
                    false,
                    RopeSpec.plain(5e5))
                .parameters())
        .isEqualTo(8_030_261_248L);
  }
}
