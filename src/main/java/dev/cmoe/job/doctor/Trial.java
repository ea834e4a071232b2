package dev.cmoe.job.doctor;

import dev.cmoe.carve.grouping.HostProducts;
import dev.cmoe.checkpoint.Tokenizer;
import dev.cmoe.engine.Device;
import dev.cmoe.engine.Engine;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A native library used for the first time, in a process of its own: one that is damaged, or that
 * has instructions this processor lacks, ends its process.
 */
public final class Trial implements AutoCloseable {
  /** Which library. */
  enum Library {
    LIBTORCH,
    TOKENIZERS,
    ND4J
  }

  /** Unpacking from a slow disk included. */
  private static final long PATIENCE_SECONDS = 180;

  /** From here on an exit code is a signal: 134 for an abort, 139 for a segmentation fault. */
  private static final int SIGNALS = 128;

  private final Optional<Process> process;

  private Trial(Optional<Process> process) {
    this.process = process;
  }

  /** What the process of a trial does. An exception is no crash: it ends with 1. */
  public static void main(String[] args) {
    System.setProperty("ai.djl.offline", "true"); // As dev.cmoe.Main does.
    switch (Library.valueOf(args[0])) {
      case LIBTORCH -> {
        try (Engine engine = Engine.start(Device.CPU, 1)) {
          new KernelChecks(engine).dense();
        }
      }
      case TOKENIZERS -> Tokenizer.bundled().close();
      case ND4J -> HostProducts.tried();
    }
  }

  /** Begins to try {@code library}. */
  static Trial start(Library library) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    // No report of a crash: the check says it.
    command.add("-XX:ErrorFile=" + (File.separatorChar == '/' ? "/dev/null" : "NUL"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("-D") || option.startsWith("--enable-native-access"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Trial.class.getName()));
    command.add(library.name());
    try {
      return new Trial(
          Optional.of(
              new ProcessBuilder(command)
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .redirectError(ProcessBuilder.Redirect.DISCARD)
                  .start()));
    } catch (IOException e) {
      // Then it is used here, untried.
      return new Trial(Optional.empty());
    }
  }

  /** Waits for the end of the process and says how it went wrong; empty when it did not crash. */
  Optional<String> crash() {
    if (process.isEmpty()) {
      return Optional.empty();
    }
    try {
      if (!process.get().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return Optional.of("using it took more than " + PATIENCE_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted");
    }
    int code = process.get().exitValue();
    return code >= SIGNALS || code < 0
        ? Optional.of("using it ends the process (exit code " + code + ")")
        : Optional.empty();
  }

  @Override
  public void close() {
    process.ifPresent(Process::destroyForcibly);
  }
}
