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
        .doesNotContain("WIDEN", "SINGLE", "COLUMNS", "if True and ");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(true, false, false)))
        .contains("if True and bfloat and rows >= 64");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(false, true, false)))
        .contains("if True and bfloat and rows == 1");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(false, false, true)))
        .contains("if True and ops.prim.dtype(w) == 6");
  }

  @Test
  void namesWhatIsMissing() {
    assertThatThrownBy(() -> KernelText.of(Decoder.class, "missing", Products.PLAIN))
        .hasMessageContaining("no kernel missing.py beside dev.cmoe.nn.Decoder");
  }
}
