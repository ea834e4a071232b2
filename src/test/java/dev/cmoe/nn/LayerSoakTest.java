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
    new TinyModel().neurons(32).layers(1).write(dir);
    try (Decoder decoder = TinyModel.open(dir);
        HiddenStates states = HiddenStates.embed(decoder, TinyModel.windows(128, 64))) {
      long before = 0;
      for (int i = 0; i < TIMES; i++) {
        if (i == WARM_UP) {
          before = AnonymousMemory.mebibytes();
        }
        states.advance(0);
      }
      // A tensor of all tokens takes 400 kB, so one that leaks in each pass makes 70 MB.
      assertThat(AnonymousMemory.mebibytes() - before).isLessThan(64);
    }
  }
}
