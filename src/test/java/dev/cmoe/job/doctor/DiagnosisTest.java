package dev.cmoe.job.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.carve.grouping.HostProducts;
import dev.cmoe.engine.Libtorch;
import dev.cmoe.engine.LibtorchSource;
import dev.cmoe.job.doctor.Check.Status;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DiagnosisTest {
  private static Check failed(FailureKind kind) {
    return Check.failed("x", kind, "", "");
  }

  @Test
  void wrongResultsAreTheWorst() {
    Check ok = Check.ok("a", "");
    Check warning = Check.warning("b", "", "do");
    assertThat(new Diagnosis(List.of(ok, warning, Check.leftOut("c", "")), 1).worst()).isEmpty();
    assertThat(new Diagnosis(List.of(ok, failed(FailureKind.RESOURCES)), 1).worst())
        .contains(FailureKind.RESOURCES);
    assertThat(
            new Diagnosis(
                    List.of(failed(FailureKind.RESOURCES), failed(FailureKind.VERIFICATION)), 1)
                .worst())
        .contains(FailureKind.VERIFICATION);
    assertThat(
            new Diagnosis(List.of(failed(FailureKind.INTERNAL), failed(FailureKind.RESOURCES)), 1)
                .worst())
        .contains(FailureKind.RESOURCES);
  }

  @Test
  void whateverACheckThrowsIsWhatItCameTo() {
    Check expected =
        DoctorJob.made(
            "x",
            FailureKind.INTERNAL,
            () -> {
              throw CmoeException.resources("no library; get one");
            });
    assertThat(expected.failure()).contains(FailureKind.RESOURCES);
    assertThat(expected.detail()).isEqualTo("no library; get one");

    for (Throwable thrown :
        List.of(
            new UnsatisfiedLinkError("not\n here"),
            new IllegalStateException("outer", new UnsatisfiedLinkError("not\n here")),
            new AssertionError(new UnsatisfiedLinkError("not\n here")))) {
      Check surprise =
          DoctorJob.made("x", FailureKind.VERIFICATION, () -> DiagnosisTest.sneak(thrown));
      assertThat(surprise.failure()).contains(FailureKind.VERIFICATION);
      assertThat(surprise.detail()).isEqualTo("UnsatisfiedLinkError: not here");
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> Check sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Test
  void libtorchSaysWhereItIsFrom() {
    Path folder = Path.of("cache", "2.7.1-20250812-cpu-linux-x86_64");
    Libtorch loaded = new Libtorch("2.7.1", folder, 0);
    Check bundled = LibraryChecks.libtorch(loaded, new LibtorchSource.Bundled(Optional.empty()));
    assertThat(bundled.status()).isEqualTo(Status.OK);
    assertThat(bundled.facts())
        .containsEntry("version", "2.7.1")
        .containsEntry("flavor", "cpu")
        .containsEntry("origin", "bundled");

    Check ignored =
        LibraryChecks.libtorch(loaded, new LibtorchSource.Bundled(Optional.of("/nowhere")));
    assertThat(ignored.status()).isEqualTo(Status.WARNING);
    assertThat(ignored.detail()).contains("no libtorch in PYTORCH_LIBRARY_PATH=/nowhere");

    Check installed =
        LibraryChecks.libtorch(
            loaded, new LibtorchSource.Installed(folder, Optional.of("2.7.1+cu126")));
    assertThat(installed.status()).isEqualTo(Status.OK);
    assertThat(installed.facts())
        .containsEntry("version", "2.7.1+cu126")
        .containsEntry("flavor", "cu126")
        .containsEntry("origin", "PYTORCH_LIBRARY_PATH");
  }

  @Test
  void theTokenizerGivesBackWhatItReads() {
    Check check = LibraryChecks.tokenizers();
    assertThat(check.status()).as(check.detail()).isEqualTo(Status.OK);
    assertThat(check.facts()).containsEntry("tokens", 3);
  }

  @Test
  void aWrongProductOfNd4jIsAWrongResult() {
    assertThat(LibraryChecks.nd4j(new HostProducts("B", 2e-7)).status()).isEqualTo(Status.OK);
    assertThat(LibraryChecks.nd4j(new HostProducts("B", 1e-3)).failure())
        .contains(FailureKind.VERIFICATION);
    Check none = LibraryChecks.nd4j(new HostProducts("B", Double.NaN));
    assertThat(none.failure()).contains(FailureKind.VERIFICATION);
    assertThat(none.facts()).containsEntry("backend", "B").doesNotContainKey("error");
  }
}
