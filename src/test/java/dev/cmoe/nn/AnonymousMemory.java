package dev.cmoe.nn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** Pages of this process that are not of files; a test that asks where nobody tells is skipped. */
public final class AnonymousMemory {
  private static final int ROUNDS = 5;

  private AnonymousMemory() {}

  /** Does some work; the memory afterwards, MiB. */
  public interface Work {
    long memory() throws IOException;
  }

  /**
   * MiB by which memory grows at each round of {@code work} after the first, on average over the
   * fewest rounds, two at least, that bring it below {@code limit}. What leaks grows by the same in
   * every round; what the allocator keeps stops growing.
   */
  public static long growth(long limit, Work work) throws IOException {
    long first = work.memory();
    long growth = Long.MAX_VALUE;
    for (int round = 1; round <= ROUNDS && (round <= 2 || growth >= limit); round++) {
      growth = (work.memory() - first) / round;
    }
    return growth;
  }

  public static long mebibytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.isReadable(status), "the system does not tell");
    List<String> lines = Files.readAllLines(status);
    String line = lines.stream().filter(l -> l.startsWith("RssAnon:")).findFirst().orElse("");
    Assumptions.assumeFalse(line.isEmpty(), "the system does not tell");
    return Long.parseLong(line.replaceAll("\\D+", "")) >> 10;
  }
}
