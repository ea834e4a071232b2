package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.nn.Decoder;
import java.nio.file.Path;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the estimate moves with what is asked for; what a process really takes is measured. */
class MemoryEstimateTest {
  /** Long enough for a layer's backward pass to hold more than the head. */
  private static final int WINDOW = 8192;

  @TempDir Path dir;

  @BeforeEach
  void writeModel() {
    new TinyCarved().write(dir, "llama");
  }

  private long bytes(Specs specs, int window, boolean taught) {
    try (Decoder student = TinyCarved.open(dir);
        Decoder teacher = TinyCarved.open(dir)) {
      Optional<Decoder> by = taught ? Optional.of(teacher) : Optional.empty();
      return MemoryEstimate.bytes(student, by, specs.build(), window);
    }
  }

  @Test
  void growsWithTheTokensOfAMicroBatchAndNoFurtherThanTheBatch() {
    long one = bytes(new Specs().micro(1), WINDOW, false);
    long two = bytes(new Specs().micro(2), WINDOW, false);

    assertThat(bytes(new Specs().micro(1), 2 * WINDOW, false)).isEqualTo(two);
    assertThat(bytes(new Specs().micro(4), WINDOW, false))
        .isCloseTo(one + 3 * (two - one), Offset.offset(4L));
    assertThat(bytes(new Specs().micro(400), WINDOW, false))
        .isEqualTo(bytes(new Specs().micro(4), WINDOW, false));
  }

  /** Of each token: its input of every layer, and of one layer z, q, k, v, what attention gave. */
  @Test
  void countsWhatALayerKeepsOfAToken() {
    long token =
        bytes(new Specs().micro(2), WINDOW, false) / WINDOW
            - bytes(new Specs().micro(1), WINDOW, false) / WINDOW;

    assertThat(token).isGreaterThan(Float.BYTES * TinyCarved.HIDDEN * (3 + 4));
    new TinyCarved().sharing(100).write(dir, "llama");
    long wider =
        bytes(new Specs().micro(2), WINDOW, false) / WINDOW
            - bytes(new Specs().micro(1), WINDOW, false) / WINDOW;
    assertThat(wider).isGreaterThan(token + 4096);
  }

  @Test
  void holdsAStreamOfTheTeacherAndItsLogitsWhereTheHeadHoldsMost() {
    long tokens = 4L * 64;
    assertThat(bytes(new Specs().micro(4), 64, true) - bytes(new Specs().micro(4), 64, false))
        .isGreaterThan(Float.BYTES * tokens * (TinyCarved.HIDDEN + TinyCarved.VOCABULARY));
  }

  @Test
  void holdsFourNumbersAParameterAndMore() {
    try (Decoder student = TinyCarved.open(dir)) {
      TrainingSpec spec = new Specs().build();
      long parameters = MemoryEstimate.parameters(student, spec);

      assertThat(parameters).isPositive();
      assertThat(MemoryEstimate.bytes(student, Optional.empty(), spec, WINDOW))
          .isGreaterThan(4 * Float.BYTES * parameters);
    }
  }
}
