package dev.cmoe.cli;

import dev.cmoe.run.RunEvent;

/** Prints warnings and, unless quiet, notes; shows no progress. */
final class Messages implements Progress {
  private final Console console;
  private final boolean quiet;

  Messages(Console console, boolean quiet) {
    this.console = console;
    this.quiet = quiet;
  }

  @Override
  public void on(RunEvent event) {
    if (event instanceof RunEvent.Warned warned) {
      String label = console.terminal().colour() ? "\u001b[33mwarning:\u001b[0m " : "warning: ";
      console.err().println(label + warned.text());
    } else if (event instanceof RunEvent.Note note && !quiet) {
      console.err().println(note.text());
    }
  }

  @Override
  public void close() {}
}
