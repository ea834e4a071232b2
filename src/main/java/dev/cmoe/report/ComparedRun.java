package dev.cmoe.report;

/**
 * One of several runs side by side.
 *
 * @param letter by which charts call it, from A
 * @param name what a person calls it, such as the directory it was read from
 * @param bench its speed; null where not given
 */
public record ComparedRun(char letter, String name, RunFigures report, BenchFigures bench) {

  /** Number from 0, which decides its colour. */
  int index() {
    return letter - 'A';
  }

  /** Class of its colour. */
  String css() {
    return "run" + index() % Comparison.COLOURS;
  }

  Double dense() {
    return report.perplexity() == null ? null : report.perplexity().dense();
  }

  Double carved() {
    return report.perplexity() == null ? null : report.perplexity().carved();
  }
}
