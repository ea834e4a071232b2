package dev.cmoe.cli;

import java.util.function.UnaryOperator;

/**
 * What is known of the place that stderr goes to.
 *
 * @param interactive whether a person sees it as a terminal, so that a line can be redrawn
 * @param columns its width in characters
 * @param colour whether colour is wanted there
 */
public record Terminal(boolean interactive, int columns, boolean colour) {
  private static final int DEFAULT_COLUMNS = 80;

  /** No terminal: a file, a pipe, a test. */
  public static Terminal none() {
    return new Terminal(false, DEFAULT_COLUMNS, false);
  }

  /**
   * @param property reads system properties; {@code cmoe.terminal} is set by the launcher, since
   *     Java can only see whether all of stdin and stdout are terminals
   * @param variable reads environment variables
   */
  static Terminal detect(UnaryOperator<String> property, UnaryOperator<String> variable) {
    String launcher = property.apply("cmoe.terminal");
    boolean terminal = launcher == null ? System.console() != null : Boolean.parseBoolean(launcher);
    boolean interactive = terminal && !"dumb".equals(variable.apply("TERM"));
    String noColour = variable.apply("NO_COLOR");
    boolean colour = interactive && (noColour == null || noColour.isEmpty());
    return new Terminal(interactive, columns(property, variable), colour);
  }

  private static int columns(UnaryOperator<String> property, UnaryOperator<String> variable) {
    for (String text : new String[] {variable.apply("COLUMNS"), property.apply("cmoe.columns")}) {
      if (text != null && text.matches("[1-9]\\d{0,3}")) {
        return Integer.parseInt(text);
      }
    }
    return DEFAULT_COLUMNS;
  }
}
