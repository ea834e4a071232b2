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
record ProcessMemory(long resident, long anonymous) {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** The present figures; zeros where the system does not tell. */
  static ProcessMemory now() {
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

  /** Memory that could be taken without swapping, bytes. */
  static OptionalLong available() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
        if (line.startsWith("MemAvailable:")) {
          return OptionalLong.of(kibibytes(line));
        }
      }
    } catch (IOException e) {
      // As on systems without it.
    }
    return OptionalLong.empty();
  }

  private static long kibibytes(String line) {
    return Long.parseLong(line.replaceAll("\\D+", "")) << 10;
  }
}
