package dev.cmoe.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Resident memory of this process now.
 *
 * @param resident all pages, those of mapped files included, bytes
 * @param anonymous pages that are not of files: what the machine must really have, bytes
 */
public record ProcessMemory(long resident, long anonymous) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CONTAINER = Path.of("/sys/fs/cgroup");

  /** The present figures; zeros where the system does not tell. */
  public static ProcessMemory now() {
    long resident = 0;
    long anonymous = 0;
    try {
      if (Files.isReadable(STATUS)) {
        for (String line : Files.readAllLines(STATUS)) {
          if (line.startsWith("VmRSS:")) {
            resident = kibibytes(line);
          } else if (line.startsWith("RssAnon:")) {
            anonymous = kibibytes(line);
          }
        }
      }
    } catch (IOException e) {
      // The figures are for a report; without them it says so.
    }
    return new ProcessMemory(resident, anonymous);
  }

  /** Memory that could be taken without swapping, bytes: the machine's, or less in a container. */
  public static OptionalLong available() {
    OptionalLong machine = OptionalLong.empty();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith("MemAvailable:")) {
          machine = OptionalLong.of(kibibytes(line));
        }
      }
    } catch (IOException e) {
      // As on systems without it.
    }
    OptionalLong container = leftInContainer(CONTAINER);
    return machine.isPresent() && container.isPresent()
        ? OptionalLong.of(Math.min(machine.getAsLong(), container.getAsLong()))
        : machine;
  }

  /** What a memory limit leaves, file pages that can be dropped included; empty without a limit. */
  static OptionalLong leftInContainer(Path group) {
    try {
      String limit = Files.readString(group.resolve("memory.max")).strip();
      if (limit.equals("max")) {
        return OptionalLong.empty();
      }
      long used = Long.parseLong(Files.readString(group.resolve("memory.current")).strip());
      long files = 0;
      for (String line : Files.readAllLines(group.resolve("memory.stat"))) {
        if (line.startsWith("inactive_file ") || line.startsWith("active_file ")) {
          files += Long.parseLong(line.substring(line.indexOf(' ') + 1));
        }
      }
      return OptionalLong.of(Math.max(0, Long.parseLong(limit) - used + files));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private static long kibibytes(String line) {
    return Long.parseLong(line.replaceAll("\\D+", "")) << 10;
  }
}
