package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Native memory is freed by scopes and not by the collector; if one leaks, memory grows. */
class LayerSoakTest {
  private static final int TIMES = 180;

  /** A tensor of all tokens takes 400 kB, so one that leaks in each pass makes 70 MB. */
  private static final long LIMIT_MIB = 40;

  @TempDir Path dir;

  @Test
  void memoryStaysFlat() throws IOException {
    new TinyModel().neurons(32).layers(1).write(dir);
    try (Decoder decoder = TinyModel.open(dir);
        HiddenStates states = HiddenStates.embed(decoder, TinyModel.windows(128, 64))) {
      assertThat(AnonymousMemory.growth(LIMIT_MIB, () -> afterPasses(states)))
          .isLessThan(LIMIT_MIB);
    }
  }

  private static long afterPasses(HiddenStates states) throws IOException {
    for (int i = 0; i < TIMES; i++) {
      states.advance(0);
    }
    return AnonymousMemory.mebibytes();
  }
}
