package dev.cmoe.job.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cmoe.job.doctor.Check.Status;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCheckTest {
  @TempDir Path dir;

  @Test
  void aFolderThatIsNotThereYetIsJudgedByTheOneAboveAndNotMade() throws IOException {
    Path place = dir.resolve("a/b");
    Check check = DiskCheck.outputs(Optional.of(place));
    assertThat(check.status()).isEqualTo(Status.OK);
    assertThat(check.facts())
        .containsEntry("path", place.toString())
        .containsEntry("writable", true);
    assertThat((Long) check.facts().get("freeBytes")).isPositive();
    try (var left = Files.list(dir)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aFileInTheWayIsAFailure() throws IOException {
    Path file = Files.createFile(dir.resolve("file"));
    Check check = DiskCheck.outputs(Optional.of(file.resolve("out")));
    assertThat(check.failure()).contains(FailureKind.RESOURCES);
    assertThat(check.detail()).contains(file + " is a file");
    assertThat(check.facts()).containsEntry("writable", false);
  }

  @Test
  void aFolderThatCannotBeWrittenIsAFailureOnlyWhereItWasNamed() {
    Path proc = Path.of("/proc/self");
    assumeTrue(Files.isDirectory(proc));
    assertThat(DiskCheck.outputs(Optional.of(proc)).failure()).contains(FailureKind.RESOURCES);
    assertThat(DiskCheck.temporary(proc).status()).isEqualTo(Status.WARNING);
    Check cache = DiskCheck.cache("cache", proc, "set X");
    assertThat(cache.status()).isEqualTo(Status.WARNING);
    assertThat(cache.advice()).contains("set X");
    assertThat(cache.detail()).contains("only what is there already");
  }

  @Test
  void temporaryFilesNeedAFolder() {
    assertThat(DiskCheck.temporary(dir).status()).isEqualTo(Status.OK);
    Check missing = DiskCheck.temporary(dir.resolve("none"));
    assertThat(missing.status()).isEqualTo(Status.WARNING);
    assertThat(missing.detail()).contains("is not there");
  }
}
