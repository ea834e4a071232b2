package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** scripts/cmoe in a distribution, with a Java that says what it was called with. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {
  private static final String CONFIG = "{\"model_type\": \"%s\", \"torch_dtype\": \"%s\"}";
  private static final String VECTOR = "--add-modules=jdk.incubator.vector";

  @TempDir Path dir;
  private Path launcher;
  private Path java;
  private Path model;

  @BeforeEach
  void unpack() throws IOException {
    launcher = Files.createDirectories(dir.resolve("a place/bin")).resolve("cmoe");
    Files.copy(Path.of("scripts/cmoe"), launcher);
    Files.createDirectories(dir.resolve("a place/lib"));
    Files.createFile(dir.resolve("a place/lib/cmoe-1.jar"));
    java = Files.createDirectories(dir.resolve("java/bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\nfor argument in \"$@\"; do echo \"$argument\"; done\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    release("17.0.1", "java.base jdk.incubator.vector");
    model = Files.createDirectories(dir.resolve("a model"));
    Files.writeString(model.resolve("config.json"), CONFIG.formatted("cmoe", "bfloat16"));
    weights(1L << 30);
  }

  private void release(String version, String modules) throws IOException {
    Files.writeString(
        dir.resolve("java/release"),
        "JAVA_VERSION=\"%s\"\nMODULES=\"%s\"\n".formatted(version, modules));
  }

  /** A file with nothing in it, which takes no room. */
  private void weights(long bytes) throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  @Test
  void handsArgumentsOverAsTheyAre() throws Exception {
    assertThat(call("", "generate", "-x y", "--prompt", "a  b; *"))
        .endsWith("dev.cmoe.Main", "generate", "-x y", "--prompt", "a  b; *");
  }

  @Test
  void theVectorApiIsForLargeCarvedModelsInBfloat16() throws Exception {
    boolean here = isForThisProcessor();
    assertThat(call("", "generate", model.toString()).contains(VECTOR)).isEqualTo(here);
    assertThat(call("", "bench", "--batch", "1", model.toString()).contains(VECTOR))
        .isEqualTo(here);
    assertThat(call("", "eval", model.toString())).doesNotContain(VECTOR);
    assertThat(call("", "bench", model.toString(), "--compute-dtype", "float32"))
        .doesNotContain(VECTOR);
    assertThat(call("", "generate", "--device=gpu", model.toString())).doesNotContain(VECTOR);
    assertThat(call("no", "generate", model.toString())).doesNotContain(VECTOR);
  }

  private static boolean isForThisProcessor() throws IOException {
    List<String> features = Arrays.asList(Files.readString(Path.of("/proc/cpuinfo")).split("\\s+"));
    return features.contains("avx512_bf16") && !features.contains("amx_bf16");
  }

  @Test
  void theVectorApiIsNotForOtherModels() throws Exception {
    weights((1L << 30) - 1);
    assertThat(call("", "generate", model.toString())).doesNotContain(VECTOR);
    weights(1L << 30);
    Files.writeString(model.resolve("config.json"), CONFIG.formatted("cmoe", "float32"));
    assertThat(call("", "generate", model.toString())).doesNotContain(VECTOR);
    Files.writeString(model.resolve("config.json"), CONFIG.formatted("llama", "bfloat16"));
    assertThat(call("", "generate", model.toString())).doesNotContain(VECTOR);
  }

  @Test
  void theVectorApiIsNotForAJavaThatLacksIt() throws Exception {
    release("21.0.1", "java.base jdk.incubator.vector");
    assertThat(call("", "generate", model.toString())).doesNotContain(VECTOR);
    release("17.0.1", "java.base");
    assertThat(call("", "generate", model.toString())).doesNotContain(VECTOR);
  }

  private List<String> call(String vector, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", dir.resolve("java").toString());
    builder.environment().remove("CMOE_JAVA_OPTS");
    builder.environment().remove("CMOE_VECTOR");
    if (!vector.isEmpty()) {
      builder.environment().put("CMOE_VECTOR", vector);
    }
    Process process = builder.redirectErrorStream(true).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    assertThat(process.waitFor()).as(lines.toString()).isZero();
    return lines;
  }
}
