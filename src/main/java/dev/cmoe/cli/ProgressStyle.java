package dev.cmoe.cli;

import java.util.Locale;

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

  /** The word that a user types. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
