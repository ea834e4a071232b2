package dev.cmoe.cli;

import dev.cmoe.run.RunListener;

/** Shows the events of one run on stderr until it is closed. */
sealed interface Progress extends RunListener, AutoCloseable
    permits ConsoleProgress, PlainProgress, Messages {
  @Override
  void close();
}
