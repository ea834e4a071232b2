package dev.cmoe.job.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.job.doctor.Check.Status;
import dev.cmoe.run.FailureKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelChecksTest {
  private final Engine engine = SharedEngine.get();

  @Test
  void theKernelsAreRight() {
    KernelChecks kernels = new KernelChecks(engine);
    for (Check check : List.of(kernels.dense(), kernels.mixture(), kernels.attention())) {
      assertThat(check.status()).as(check.detail()).isEqualTo(Status.OK);
      assertThat(check.facts()).containsEntry("device", "cpu");
      // Far below what is allowed, and not suspiciously equal.
      assertThat((Double) check.facts().get("float32Error")).isBetween(1e-9, 1e-5);
      assertThat((Double) check.facts().get("bfloat16Error")).isBetween(1e-4, 2e-2);
    }
  }

  @Test
  void wrongNumbersAreAFailureOfTheirOwnKind() {
    double[][] expected = {{1, -4}, {2, 0}};
    Deviation right =
        Deviation.between(ComputeType.FLOAT32, expected, new double[][] {{1, -4.0002}, {2, 0}});
    assertThat(right.of()).isCloseTo(5e-5, org.assertj.core.data.Offset.offset(1e-9));
    assertThat(KernelChecks.judged("x", "cpu", List.of(right)).status()).isEqualTo(Status.OK);

    Deviation wrong =
        Deviation.between(ComputeType.FLOAT32, expected, new double[][] {{1, -4.002}, {2, 0}});
    Check check = KernelChecks.judged("x", "cpu", List.of(right, wrong));
    assertThat(check.failure()).contains(FailureKind.VERIFICATION);
    assertThat(check.detail()).contains("5e-04 in float32 (rounding is at most 1e-04)");
    // In bfloat16 the same difference is rounding.
    assertThat(new Deviation(ComputeType.BFLOAT16, wrong.of()).isRounding()).isTrue();
  }

  @Test
  void whatIsNoNumberIsWrong() {
    double[][] expected = {{1, 2}};
    for (double[][] actual :
        List.of(
            new double[][] {{1, Double.NaN}},
            new double[][] {{Double.NaN, 2}},
            new double[][] {{1, Double.POSITIVE_INFINITY}},
            new double[][] {{1, 2, 3}},
            new double[][] {})) {
      assertThat(Deviation.between(ComputeType.BFLOAT16, expected, actual).isRounding()).isFalse();
    }
  }

  @Test
  void speedsArePositiveAndFinite() {
    Check check = new SpeedCheck(engine).measured();
    assertThat(check.status()).isEqualTo(Status.OK);
    for (String fact :
        List.of(
            "float32OperationsPerSecond",
            "bfloat16OperationsPerSecond",
            "float32BytesPerSecond",
            "bfloat16BytesPerSecond")) {
      assertThat((Double) check.facts().get(fact)).isBetween(1e7, 1e16);
    }
  }
}
