package dev.cmoe.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.TinyModel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkTest {
  /** d = 12, 4 heads of 4, 2 shared ones, 16 neurons, 2 layers, 40 tokens. */
  private static final int KEYS_AND_VALUES = 12 * (8 + 8);

  private static final int ATTENTION = 12 * (16 + 16) + KEYS_AND_VALUES;

  private static final int FEED_FORWARD = 3 * 12 * 16;
  private static final int HEAD = 40 * 12;

  @TempDir Path dir;

  @Test
  void aStepReadsAllWeightsOnce() {
    new TinyModel().write(dir);
    int norms = 2 * 2 * 12 + 12;
    int matrices = 2 * (ATTENTION + FEED_FORWARD) + HEAD;
    try (Decoder wide = TinyModel.open(dir);
        Decoder half = TinyModel.open(dir, ComputeType.BFLOAT16)) {
      assertThat(new Work(wide).decodeBytes(0)).isEqualTo(4.0 * (matrices + norms));
      assertThat(new Work(half).decodeBytes(0)).isEqualTo(2.0 * matrices + 4.0 * norms);
    }
  }

  @Test
  void theLastTokenAloneNeedsTheHeadAndTheLastLayerButForKeysAndValues() {
    new TinyModel().write(dir);
    int tokens = 5;
    int seen = 1 + 2 + 3 + 4 + 5;
    int first = tokens * (ATTENTION + FEED_FORWARD);
    int second = tokens * KEYS_AND_VALUES + ATTENTION - KEYS_AND_VALUES + FEED_FORWARD;
    double products = 2.0 * (first + second + HEAD);
    double attention = 4.0 * 16 * (seen + tokens);
    try (Decoder decoder = TinyModel.open(dir)) {
      assertThat(new Work(decoder).prefillOperations(tokens)).isEqualTo(products + attention);
    }
  }
}
