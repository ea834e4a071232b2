package dev.cmoe.nn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** Pages of this process that are not of files; a test that asks where nobody tells is skipped. */
public final class AnonymousMemory {
  private AnonymousMemory() {}

  public static long mebibytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.isReadable(status), "the system does not tell");
    List<String> lines = Files.readAllLines(status);
    String line = lines.stream().filter(l -> l.startsWith("RssAnon:")).findFirst().orElse("");
    Assumptions.assumeFalse(line.isEmpty(), "the system does not tell");
    return Long.parseLong(line.replaceAll("\\D+", "")) >> 10;
  }
}
