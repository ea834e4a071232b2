package dev.cmoe.report;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The split that a notation {@code SxAyEz} stands for.
 *
 * @param shared experts that always run
 * @param active routed experts that run for a token
 * @param total experts, shared ones included
 */
record Budget(int shared, int active, int total) {
  private static final Pattern NOTATION = Pattern.compile("S(\\d{1,6})A(\\d{1,6})E(\\d{1,6})");

  /** Null where the text is no such notation; a report shows it as it is then. */
  static Budget of(String notation) {
    Matcher m = NOTATION.matcher(notation);
    if (!m.matches()) {
      return null;
    }
    Budget budget =
        new Budget(
            Integer.parseInt(m.group(1)),
            Integer.parseInt(m.group(2)),
            Integer.parseInt(m.group(3)));
    return budget.total > 0 && budget.routed() >= budget.active ? budget : null;
  }

  int routed() {
    return total - shared;
  }

  /** Share of the FFN neurons that run for a token. */
  double share() {
    return (double) (shared + active) / total;
  }
}
