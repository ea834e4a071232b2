package dev.cmoe.cli;

import java.util.Locale;

/**
 * A span of time as people read it: {@code 8.3 s}, {@code 1:23}, {@code 1:02:03}.
 *
 * @param seconds not negative
 */
record Elapsed(double seconds) {
  @Override
  public String toString() {
    if (seconds < 59.95) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole < 3600
        ? String.format("%d:%02d", whole / 60, whole % 60)
        : String.format("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  }
}
