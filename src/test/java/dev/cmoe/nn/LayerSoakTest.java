package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Native memory is freed by scopes and not by the collector; if one leaks, memory grows. */
class LayerSoakTest {
  private static final int WARM_UP = 20;
  private static final int TIMES = 200;

  @TempDir Path dir;

  @Test
  void memoryStaysFlat() throws IOException {
    new TinyModel().neurons(512).layers(1).write(dir);
    try (Decoder decoder = TinyModel.open(dir);
        HiddenStates states = HiddenStates.embed(decoder, TinyModel.windows(8, 256))) {
      long before = 0;
      for (int i = 0; i < TIMES; i++) {
        if (i == WARM_UP) {
          before = AnonymousMemory.mebibytes();
        }
        states.advance(0);
      }
      // One pass makes 8 MB of activations, so a leak of any of them would be seen.
      assertThat(AnonymousMemory.mebibytes() - before).isLessThan(64);
    }
  }
}
