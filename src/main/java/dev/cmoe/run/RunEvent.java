package dev.cmoe.run;

/** What computing code tells whoever listens. It renders nothing itself. */
public sealed interface RunEvent {

  /**
   * A stage began.
   *
   * @param name what a person reads, such as {@code carving}
   * @param unit what {@code total} counts, such as {@code layers}
   * @param total how many units the stage has; 0 when not known
   */
  record StageStarted(String name, String unit, long total) implements RunEvent {}

  /**
   * The running stage has {@code done} units behind it; {@code detail} says what it is at, and may
   * be empty.
   */
  record Advanced(long done, String detail) implements RunEvent {}

  /** The running stage ended after {@code seconds}. */
  record StageFinished(String name, double seconds) implements RunEvent {}

  /** Something a person may want to know and need not act on. */
  record Note(String text) implements RunEvent {}

  /** Something a person should look at; the run goes on. */
  record Warned(String text) implements RunEvent {}
}
