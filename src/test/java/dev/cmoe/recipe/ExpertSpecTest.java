package dev.cmoe.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpertSpecTest {
  @Test
  void readsItsOwnName() {
    assertThat(ExpertSpec.parse("S3A3E8")).isEqualTo(new ExpertSpec(3, 3, 8));
    assertThat(ExpertSpec.parse("s1a7e8")).hasToString("S1A7E8");
  }

  @Test
  void slicesCoverTheWidth() {
    ExpertSpec spec = new ExpertSpec(3, 3, 8);
    assertThat(spec.slice(1024)).isEqualTo(128);
    assertThat(spec.slice(1025)).isEqualTo(129);
    assertThat(spec.paddedWidth(1025)).isEqualTo(1032);
    assertThat(spec.routed()).isEqualTo(5);
    assertThat(spec.activeShare()).isEqualTo(0.75);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3,3,8|'3,3,8' is not of the form SxAyEz",
        "S3A3|is not of the form SxAyEz",
        "SxAyEz|is not of the form SxAyEz",
        "S8A1E8|S8A1E8: 8 shared of 8 experts leave none to route; x must be below z",
        "S3A0E8|S3A0E8: y must be at least 1 active expert, not 0",
        "S0A3E8|S0A3E8: x must be at least 1 shared expert, not 0",
        "S-1A3E8|S-1A3E8: x must be at least 1 shared expert, not -1",
        "S3A-2E8|S3A-2E8: y must be at least 1 active expert, not -2",
        "S3A6E8|S3A6E8: 6 active experts are more than the 5 routed ones (z - x)",
        "S1A1E1|S1A1E1: z must be at least 2 experts, not 1",
        "S1A1E0|S1A1E0: z must be at least 2 experts, not 0",
        "S1A1E99999|S1A1E99999: z must be at most 4096 experts, not 99999",
      })
  void refusesInOneClearLine(String text, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ExpertSpec.parse(text))
        .withMessageContaining(reason)
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }
}
