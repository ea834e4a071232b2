package dev.cmoe.checkpoint;

import dev.cmoe.run.CmoeException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The largest size of a weight file, as a person writes it: {@code 5GB}, {@code 512MiB}. */
public final class ShardSize {
  private static final Pattern FORM = Pattern.compile("(\\d{1,12}) ?([A-Z]+)");
  private static final Map<String, Long> UNITS =
      Map.of(
          "B", 1L,
          "KB", 1_000L,
          "MB", 1_000_000L,
          "GB", 1_000_000_000L,
          "TB", 1_000_000_000_000L,
          "KIB", 1L << 10,
          "MIB", 1L << 20,
          "GIB", 1L << 30,
          "TIB", 1L << 40);

  private ShardSize() {}

  /** The bytes that {@code text} says; USAGE for text that says none. */
  public static long parse(String text) {
    Matcher form = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (form.matches() && UNITS.containsKey(form.group(2))) {
      try {
        long bytes = Math.multiplyExact(Long.parseLong(form.group(1)), UNITS.get(form.group(2)));
        if (bytes > 0) {
          return bytes;
        }
      } catch (ArithmeticException e) {
        // Too large to be meant: the same complaint.
      }
    }
    throw CmoeException.usage(
        "'"
            + text
            + "' is not a shard size; write a whole number and a unit, such as 5GB or 500MiB");
  }
}
