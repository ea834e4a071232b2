package dev.cmoe.job.doctor;

import dev.cmoe.job.ProcessMemory;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/** How much memory there is. */
final class MemoryCheck {
  /** About what carving the bundled model takes, with some room. */
  private static final long TIGHT = 3L << 29;

  private MemoryCheck() {}

  static Check ofMachine() {
    OptionalLong total =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? OptionalLong.of(system.getTotalMemorySize())
            : OptionalLong.empty();
    return of(total, ProcessMemory.available());
  }

  /**
   * @param total of the machine or, where that is less, of the container, bytes
   * @param available without swapping, bytes
   */
  static Check of(OptionalLong total, OptionalLong available) {
    if (total.isEmpty()) {
      return Check.ok("memory", "the system does not tell");
    }
    // A container of the older kind tells its limit only.
    long left = Math.min(available.orElse(total.getAsLong()), total.getAsLong());
    String found = "%d MB, %d MB of it available".formatted(total.getAsLong() >> 20, left >> 20);
    Check check =
        left < TIGHT
            ? Check.warning(
                "memory",
                found,
                "carving the demo model takes about 1300 MB: close other programs, or raise the"
                    + " limit of the container")
            : Check.ok("memory", found);
    return check.with("totalBytes", total.getAsLong()).with("availableBytes", left);
  }
}
