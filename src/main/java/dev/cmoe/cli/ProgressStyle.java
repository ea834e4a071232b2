package dev.cmoe.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How progress is shown. */
enum ProgressStyle {
  /** A bar on a terminal, lines elsewhere. */
  AUTO,
  /** One line, redrawn. */
  BAR,
  /** A line every ten seconds and at the end of a stage. */
  PLAIN,
  /** Not at all. */
  NONE;

  /** Reads the word that a user types. */
  static final class Converter implements ITypeConverter<ProgressStyle> {
    @Override
    public ProgressStyle convert(String word) {
      for (ProgressStyle style : values()) {
        if (style.name().toLowerCase(Locale.ROOT).equals(word)) {
          return style;
        }
      }
      throw new TypeConversionException("'" + word + "' is not one of auto, bar, plain, none");
    }
  }
}
