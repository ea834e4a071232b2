package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The self-check, here and on machines that lack something. */
class DoctorIT {
  private static final List<String> CHECKS =
      List.of(
          "java",
          "cpu",
          "threads",
          "memory",
          "outputs",
          "temporary files",
          "libtorch cache",
          "nd4j cache",
          "demo cache",
          "libtorch",
          "tokenizers",
          "nd4j",
          "gpu",
          "dense feed-forward",
          "mixture of experts",
          "attention",
          "speed");
  private static final List<String> KERNELS = CHECKS.subList(13, 17);

  @TempDir Path dir;

  private record Ended(int code, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }
  }

  /** In a process of its own, since libraries are loaded once and variables are fixed. */
  private Ended started(Map<String, String> variables, String... args) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("dev.cmoe.Main", "doctor"));
    command.addAll(List.of(args));
    Path out = dir.resolve("stdout");
    Path err = dir.resolve("stderr");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("PYTORCH_"));
    builder.environment().putAll(variables);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static JsonNode check(JsonNode document, String name) {
    for (JsonNode check : document.path("checks")) {
      if (check.path("name").asText().equals(name)) {
        return check;
      }
    }
    throw new AssertionError("no check " + name + " in " + document);
  }

  private static List<String> names(JsonNode document) {
    return document.path("checks").findValuesAsText("name");
  }

  @Test
  void aMachineThatRunsTheTestsIsSound() {
    Run run = Run.ok("doctor", dir.resolve("out"));
    List<String> lines = run.out().lines().toList();
    assertThat(lines).hasSize(CHECKS.size() + 1);
    for (int i = 0; i < CHECKS.size(); i++) {
      assertThat(lines.get(i))
          .matches("(ok       |warning  )" + CHECKS.get(i) + ": .+")
          .doesNotContain("null");
    }
    assertThat(lines.get(CHECKS.size())).startsWith("nothing failed");
    assertThat(run.err()).isEmpty();
    assertThat(dir.resolve("out")).doesNotExist();
  }

  @Test
  void theDocumentHasFacts() {
    JsonNode json = Run.ok("doctor", "--json", "-q", "--threads", "1").json();
    assertThat(json.path("schema").asText()).isEqualTo("cmoe.doctor/1");
    assertThat(json.path("passed").asBoolean()).isTrue();
    assertThat(json.path("code").asInt()).isZero();
    assertThat(names(json)).isEqualTo(CHECKS);
    for (JsonNode check : json.path("checks")) {
      assertThat(check.path("status").asText()).isIn("ok", "warning");
      assertThat(check.has("advice")).isEqualTo(check.path("status").asText().equals("warning"));
      assertThat(check.path("facts").isObject()).isTrue();
    }
    assertThat(check(json, "threads").at("/facts/threads").asInt()).isEqualTo(1);
    assertThat(check(json, "memory").at("/facts/totalBytes").asLong()).isPositive();
    assertThat(check(json, "libtorch").at("/facts/version").asText()).startsWith("2.7.1");
    assertThat(check(json, "outputs").at("/facts/freeBytes").asLong()).isPositive();
    for (String kernel : KERNELS.subList(0, 3)) {
      assertThat(check(json, kernel).at("/facts/float32Error").asDouble()).isBetween(1e-9, 1e-4);
    }
    assertThat(check(json, "speed").at("/facts/float32OperationsPerSecond").asDouble())
        .isGreaterThan(1e8);
  }

  @Test
  void aGpuThatIsNotThereIsAFailureAndHidesNothing() {
    assumeTrue(!Files.exists(Path.of("/dev/nvidiactl")));
    Run run = Run.of("doctor", "--json", "-q", "--device", "gpu");
    assertThat(run.code()).isEqualTo(6);
    assertThat(run.err()).isEmpty();
    JsonNode json = run.json();
    assertThat(json.path("passed").asBoolean()).isFalse();
    assertThat(json.path("code").asInt()).isEqualTo(6);
    assertThat(names(json)).isEqualTo(CHECKS);
    assertThat(check(json, "gpu").path("status").asText()).isEqualTo("failed");
    assertThat(check(json, "gpu").path("code").asInt()).isEqualTo(6);
    assertThat(check(json, "gpu").path("advice").asText()).contains("--device cpu");
    assertThat(check(json, "libtorch").path("status").asText()).isIn("ok", "warning");
    for (String kernel : KERNELS) {
      assertThat(check(json, kernel).path("status").asText()).isEqualTo("left_out");
    }
  }

  @Test
  void aPlaceThatCannotBeWrittenIsAFailure() throws IOException {
    Path file = Files.createFile(dir.resolve("file"));
    Run run = Run.of("doctor", file.resolve("out"));
    assertThat(run.code()).isEqualTo(6);
    assertThat(run.out())
        .contains("FAILED   outputs: " + file.resolve("out"))
        .contains("is a file");
    assertThat(run.out().lines().reduce((a, b) -> b))
        .hasValueSatisfying(last -> assertThat(last).startsWith("failed: outputs"));
    // The kernels ran all the same.
    assertThat(run.out()).containsPattern("(?m)^ok +attention: ");
  }

  @Test
  void aPathThatHoldsNoLibtorchIsAWarning() throws Exception {
    Ended ended =
        started(Map.of("PYTORCH_LIBRARY_PATH", dir.resolve("nowhere").toString()), "--json");
    assertThat(ended.code()).as(ended.err()).isZero();
    JsonNode libtorch = check(ended.json(), "libtorch");
    assertThat(libtorch.path("status").asText()).isEqualTo("warning");
    assertThat(libtorch.path("detail").asText()).contains(dir.resolve("nowhere").toString());
    assertThat(libtorch.at("/facts/origin").asText()).isEqualTo("bundled");
  }

  @Test
  void aTorchOfAnotherVersionIsNotLoaded() throws Exception {
    Path lib = Files.createDirectories(dir.resolve("torch/lib"));
    Files.writeString(lib.resolve(System.mapLibraryName("torch")), "no library");
    Files.writeString(dir.resolve("torch/version.py"), "__version__ = '2.9.1+cu128'\n");
    Ended ended = started(Map.of("PYTORCH_LIBRARY_PATH", lib.toString()));
    assertThat(ended.code()).isEqualTo(6);
    assertThat(ended.out())
        .containsPattern("(?m)^FAILED +libtorch: .*2\\.9\\.1\\+cu128.*install torch==2\\.7\\.1")
        .containsPattern("(?m)^ok +tokenizers: ")
        .containsPattern("(?m)^ok +nd4j: ")
        .containsPattern("(?m)^left out dense feed-forward: ");
  }

  /** The loader of Linux does not look at lengths: using such a file is a bus error. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aDamagedLibraryEndsNotTheCheckButIsOne() throws Exception {
    Ended first = started(Map.of("DJL_CACHE_DIR", dir.toString()), "--json");
    assertThat(first.code()).as(first.err()).isZero();
    Path library;
    try (var files = Files.walk(dir.resolve("tokenizers"))) {
      library = files.filter(file -> file.endsWith("libtokenizers.so")).findFirst().orElseThrow();
    }
    try (var channel = Files.newByteChannel(library, java.nio.file.StandardOpenOption.WRITE)) {
      channel.truncate(1000);
    }
    Ended ended = started(Map.of("DJL_CACHE_DIR", dir.toString()), "--json");
    assertThat(ended.code()).as(ended.err()).isEqualTo(6);
    JsonNode json = ended.json();
    assertThat(names(json)).isEqualTo(CHECKS);
    assertThat(check(json, "tokenizers").path("detail").asText()).contains("ends the process");
    assertThat(check(json, "tokenizers").path("advice").asText())
        .contains(dir.resolve("tokenizers").toString());
    assertThat(check(json, "attention").path("status").asText()).isEqualTo("ok");
  }
}
