package dev.cmoe.recipe;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes. {@code 5GB} is 5·10⁹, {@code 5GiB} is 5·2³⁰; a bare number counts bytes.
 *
 * @param bytes at least 1
 */
public record ByteSize(long bytes) {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?) ?([KMGT]i?)?B?", Pattern.CASE_INSENSITIVE);
  private static final Map<String, Long> UNITS =
      Map.of(
          "k",
          1_000L,
          "m",
          1_000_000L,
          "g",
          1_000_000_000L,
          "t",
          1_000_000_000_000L,
          "ki",
          1L << 10,
          "mi",
          1L << 20,
          "gi",
          1L << 30,
          "ti",
          1L << 40);

  public ByteSize {
    if (bytes < 1) {
      throw new IllegalArgumentException("a size must be at least one byte, not " + bytes);
    }
  }

  /**
   * Reads {@code 5GB}, {@code 1.5 GiB}, {@code 700M} or {@code 123456}.
   *
   * @throws IllegalArgumentException if {@code text} is not a size of 1 byte to 2⁶³-1 bytes
   */
  public static ByteSize parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a size such as 5GB or 700MiB");
    }
    long unit = form.group(2) == null ? 1 : UNITS.get(form.group(2).toLowerCase(Locale.ROOT));
    BigDecimal bytes =
        new BigDecimal(form.group(1))
            .multiply(BigDecimal.valueOf(unit))
            .setScale(0, RoundingMode.DOWN);
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("'" + text + "' is too large a size");
    }
    return new ByteSize(bytes.longValue());
  }

  /** The shortest exact form; {@link #parse} reads it back. */
  @Override
  public String toString() {
    for (String unit : new String[] {"Ti", "T", "Gi", "G", "Mi", "M", "Ki", "K"}) {
      long size = UNITS.get(unit.toLowerCase(Locale.ROOT));
      if (bytes % size == 0) {
        return bytes / size + unit + "B";
      }
    }
    return Long.toString(bytes);
  }
}
