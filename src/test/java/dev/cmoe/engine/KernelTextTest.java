package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.nn.Decoder;
import org.junit.jupiter.api.Test;

class KernelTextTest {
  @Test
  void takesInWhatIsShared() {
    assertThat(KernelText.of(Decoder.class, "decoder", Products.PLAIN))
        .contains("def normed(", "def times(", "def embed(")
        .doesNotContain("include shared\n");
  }

  @Test
  void saysHowThisMachineMultiplies() {
    assertThat(KernelText.of(Decoder.class, "decoder", Products.PLAIN))
        .doesNotContain("WIDEN", "SINGLE", "COLUMNS", "INNER", "True and ");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(true, false, false, false)))
        .contains("if True and bfloat and rows >= 64");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(false, true, false, false)))
        .contains("if (True and bfloat and rows == 1 or False and");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(false, false, true, false)))
        .contains("if True and float32 and rows > 4");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(false, false, false, true)))
        .contains("or True and float32 and (rows <= 12");
  }

  @Test
  void namesWhatIsMissing() {
    assertThatThrownBy(() -> KernelText.of(Decoder.class, "missing", Products.PLAIN))
        .hasMessageContaining("no kernel missing.py beside dev.cmoe.nn.Decoder");
  }
}
