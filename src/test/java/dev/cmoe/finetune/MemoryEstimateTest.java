package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.nn.Decoder;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the estimate moves with what is asked for; what a process really takes is measured. */
class MemoryEstimateTest {
  private static final int WINDOW = 64;

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
  void growsWithTheTokensOfAMicroBatchAndNotOfABatch() {
    long one = bytes(new Specs().micro(1), WINDOW, false);

    assertThat(bytes(new Specs().micro(2), WINDOW, false)).isGreaterThan(one);
    assertThat(bytes(new Specs().micro(2), WINDOW, false))
        .isLessThan(2 * one)
        .isEqualTo(bytes(new Specs().micro(2).steps(900), WINDOW, false));
    assertThat(bytes(new Specs().micro(4), WINDOW, false))
        .isEqualTo(bytes(new Specs().micro(400), WINDOW, false));
    assertThat(bytes(new Specs().micro(1), 2 * WINDOW, false)).isGreaterThan(one);
  }

  @Test
  void holdsTheTeachersLogitsBesideTheStudents() {
    assertThat(bytes(new Specs().micro(4), WINDOW, true))
        .isGreaterThan(bytes(new Specs().micro(4), WINDOW, false));
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
