package dev.cmoe.cli;

import java.util.Locale;

/** Numbers as people read them. */
final class Quantity {
  private Quantity() {}

  static String count(long value) {
    if (value < 10_000) {
      return Long.toString(value);
    }
    String[] units = {"k", "M", "G", "T"};
    double scaled = value;
    int unit = -1;
    while (scaled >= 1000 && unit < units.length - 1) {
      scaled /= 1000;
      unit++;
    }
    return String.format(
        Locale.ROOT,
        scaled < 10 ? "%.2f%s" : scaled < 100 ? "%.1f%s" : "%.0f%s",
        scaled,
        units[unit]);
  }

  static String bytes(long value) {
    return value < 10_000 ? value + " B" : count(value).replaceFirst("([kMGT])$", " $1B");
  }

  static String seconds(double value) {
    if (value < 100) {
      return String.format(Locale.ROOT, "%.1f s", value);
    }
    long whole = Math.round(value);
    return whole < 6000
        ? whole / 60 + " min " + whole % 60 + " s"
        : whole / 3600 + " h " + whole % 3600 / 60 + " min";
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
