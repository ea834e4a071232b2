package dev.cmoe.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The NVIDIA driver of this machine, as the system shows it and whatever libtorch thinks of it.
 *
 * @param version such as {@code 550.54.15}; empty where the system does not tell
 * @param gpus names of the GPUs, where the system tells
 */
public record NvidiaDriver(Optional<String> version, List<String> gpus) {
  private static final Pattern VERSION = Pattern.compile("Kernel Module.*?(\\d+\\.[\\d.]+)");
  private static final Pattern MODEL = Pattern.compile("(?m)^Model:\\s*(.*\\S)");

  public NvidiaDriver {
    gpus = List.copyOf(gpus);
  }

  /** The driver; empty without one. */
  public static Optional<NvidiaDriver> find() {
    return find(Path.of("/"));
  }

  static Optional<NvidiaDriver> find(Path root) {
    Path proc = root.resolve("proc/driver/nvidia");
    if (Files.isReadable(proc.resolve("version"))) {
      Matcher version = VERSION.matcher(read(proc.resolve("version")));
      return Optional.of(
          new NvidiaDriver(
              version.find() ? Optional.of(version.group(1)) : Optional.empty(),
              models(proc.resolve("gpus"))));
    }
    // In a container, or under WSL, where the driver is that of the host.
    boolean device =
        Files.exists(root.resolve("dev/nvidiactl"))
            || Files.exists(root.resolve("usr/lib/wsl/lib/libcuda.so.1"));
    return device ? Optional.of(new NvidiaDriver(Optional.empty(), List.of())) : Optional.empty();
  }

  private static List<String> models(Path gpus) {
    if (!Files.isDirectory(gpus)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(gpus)) {
      return folders
          .sorted()
          .map(folder -> MODEL.matcher(read(folder.resolve("information"))))
          .filter(Matcher::find)
          .map(model -> model.group(1))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
