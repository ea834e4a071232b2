package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaDriverTest {
  @TempDir Path root;

  @Test
  void noneIsNone() {
    assertThat(NvidiaDriver.find(root)).isEmpty();
  }

  @Test
  void readsVersionAndNames() throws IOException {
    Path proc = Files.createDirectories(root.resolve("proc/driver/nvidia/gpus/0000:01:00.0"));
    Files.writeString(proc.resolve("information"), "Model: \t\t NVIDIA A100\nIRQ:   98\n");
    Files.writeString(
        root.resolve("proc/driver/nvidia/version"),
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 2024\n"
            + "GCC version:  gcc version 12.2.0\n");
    assertThat(NvidiaDriver.find(root))
        .contains(new NvidiaDriver(Optional.of("550.54.15"), List.of("NVIDIA A100")));
    Files.writeString(
        root.resolve("proc/driver/nvidia/version"),
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build\n");
    assertThat(NvidiaDriver.find(root).orElseThrow().version()).contains("570.86.10");
  }

  @Test
  void aContainerShowsTheDeviceOnly() throws IOException {
    Files.createDirectories(root.resolve("dev"));
    Files.createFile(root.resolve("dev/nvidiactl"));
    assertThat(NvidiaDriver.find(root)).contains(new NvidiaDriver(Optional.empty(), List.of()));
  }
}
