package dev.cmoe.job.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.CpuFeatures;
import dev.cmoe.job.doctor.Check.Status;
import dev.cmoe.run.FailureKind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineChecksTest {
  private static final long GIB = 1L << 30;

  @Test
  void aJavaThatDoes() {
    Check check = JavaCheck.of(Given.variables(), 17, GIB);
    assertThat(check.status()).isEqualTo(Status.OK);
    assertThat(check.detail()).contains("17.0.1", "Someone", "64-bit", "1024 MB", "Linux amd64");
    assertThat(check.facts()).containsEntry("maxHeapBytes", GIB).containsEntry("bits", "64");
  }

  @Test
  void aJavaThatIsTooOldOrTooSmall() {
    Check old = JavaCheck.of(Given.variables(), 11, GIB);
    assertThat(old.failure()).contains(FailureKind.RESOURCES);
    assertThat(old.advice()).hasValueSatisfying(text -> assertThat(text).contains("17"));

    Environment narrow = new Environment(name -> null, Map.of("sun.arch.data.model", "32")::get);
    assertThat(JavaCheck.of(narrow, 17, GIB).status()).isEqualTo(Status.FAILED);

    Check small = JavaCheck.of(Given.variables(), 17, 100L << 20);
    assertThat(small.status()).isEqualTo(Status.WARNING);
    assertThat(small.advice()).hasValueSatisfying(text -> assertThat(text).contains("-Xmx"));
  }

  @Test
  void theProcessorAndTheWayOfBfloat16() {
    CpuFeatures plain =
        new CpuFeatures(
            Optional.empty(),
            Optional.of("A CPU"),
            Set.of("avx2", "avx512f", "avx512_bf16", "fpu"));
    Check check = CpuCheck.of(Given.variables(), plain, 2);
    assertThat(check.status()).isEqualTo(Status.OK);
    assertThat(check.detail()).contains("A CPU; 2 cores").contains("through float32");
    assertThat(check.facts())
        .containsEntry("instructionSets", List.of("AVX2", "AVX-512", "AVX-512 BF16"));

    CpuFeatures tiles =
        new CpuFeatures(Optional.empty(), Optional.empty(), Set.of("avx2", "amx_bf16"));
    assertThat(CpuCheck.of(Given.variables(), tiles, 1).detail())
        .contains("does not name; 1 core available; AVX2, AMX; bfloat16 products run as they are");
  }

  @Test
  void aSlowProcessorIsAWarning() {
    CpuFeatures old = new CpuFeatures(Optional.empty(), Optional.of("Old"), Set.of("sse2"));
    assertThat(CpuCheck.of(Given.variables(), old, 2).status()).isEqualTo(Status.WARNING);
    // Where nothing is known, nothing is claimed.
    CpuFeatures unknown = new CpuFeatures(Optional.empty(), Optional.empty(), Set.of());
    assertThat(CpuCheck.of(Given.variables(), unknown, 2).status()).isEqualTo(Status.OK);

    CpuFeatures good = new CpuFeatures(Optional.empty(), Optional.of("Good"), Set.of("avx2"));
    Check limited = CpuCheck.of(Given.variables("ATEN_CPU_CAPABILITY=default"), good, 2);
    assertThat(limited.status()).isEqualTo(Status.WARNING);
    assertThat(limited.detail()).contains("ATEN_CPU_CAPABILITY=default is set");
  }

  @Test
  void threadsAsTheLauncherSetsThem() {
    Check check =
        ThreadsCheck.of(Given.variables("OMP_WAIT_POLICY=passive"), 4, OptionalInt.empty());
    assertThat(check.status()).isEqualTo(Status.OK);
    assertThat(check.detail()).isEqualTo("4 threads for 4 cores");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "OMP_WAIT_POLICY=|0|OMP_WAIT_POLICY is not set|scripts/cmoe",
        "OMP_WAIT_POLICY=ACTIVE|0|OMP_WAIT_POLICY=ACTIVE|PASSIVE",
        "OMP_NUM_THREADS=1|0|OMP_NUM_THREADS=1 is what ND4J uses, libtorch 4|unset OMP_NUM_THREADS",
        "OMP_NUM_THREADS=16|0|OMP_NUM_THREADS=16 is what ND4J uses|unset OMP_NUM_THREADS",
        "OMP_NUM_THREADS=4,2|0|ND4J fails on it|unset OMP_NUM_THREADS",
        "OMP_THREAD_LIMIT=2|0|OMP_THREAD_LIMIT=2 is less than 4|unset OMP_THREAD_LIMIT",
        "X=y|9|more threads than cores|leave out --threads"
      })
  void threadsThatHurt(String setting, int threads, String trouble, String remedy) {
    Environment environment =
        setting.startsWith("OMP_WAIT")
            ? Given.variables(setting)
            : Given.variables("OMP_WAIT_POLICY=PASSIVE", setting);
    Check check =
        ThreadsCheck.of(
            environment, 4, threads == 0 ? OptionalInt.empty() : OptionalInt.of(threads));
    assertThat(check.status()).isEqualTo(Status.WARNING);
    assertThat(check.detail()).contains(trouble);
    assertThat(check.advice()).hasValueSatisfying(text -> assertThat(text).contains(remedy));
  }

  @Test
  void adviceOnMemoryOnlyWhereItIsTight() {
    Check roomy = MemoryCheck.of(OptionalLong.of(8 * GIB), OptionalLong.of(6 * GIB));
    assertThat(roomy.status()).isEqualTo(Status.OK);
    assertThat(roomy.advice()).isEmpty();
    assertThat(roomy.facts()).containsEntry("availableBytes", 6 * GIB);

    assertThat(MemoryCheck.of(OptionalLong.of(8 * GIB), OptionalLong.of(GIB)).status())
        .isEqualTo(Status.WARNING);
    // The limit of a container counts where the system only tells of the machine.
    Check limited = MemoryCheck.of(OptionalLong.of(GIB), OptionalLong.of(60 * GIB));
    assertThat(limited.facts()).containsEntry("availableBytes", GIB);
    assertThat(limited.status()).isEqualTo(Status.WARNING);
    assertThat(MemoryCheck.of(OptionalLong.empty(), OptionalLong.empty()).status())
        .isEqualTo(Status.OK);
  }

  @Test
  void thisMachineHasMemory() {
    assertThat((Long) MemoryCheck.ofMachine().facts().get("totalBytes")).isGreaterThan(GIB / 4);
  }
}
