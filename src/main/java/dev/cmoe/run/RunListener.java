package dev.cmoe.run;

/** Receives the events of a run, on the thread that computes. */
@FunctionalInterface
public interface RunListener {
  /** Listens to nothing. */
  RunListener SILENT = event -> {};

  void on(RunEvent event);

  default void note(String text) {
    on(new RunEvent.Note(text));
  }

  default void warn(String text) {
    on(new RunEvent.Warned(text));
  }
}
