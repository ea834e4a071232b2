package dev.cmoe.cli;

import dev.cmoe.run.RunEvent;
import java.io.PrintStream;
import java.util.StringJoiner;
import java.util.function.LongSupplier;

/**
 * Progress on a terminal: one line, redrawn in place, with a bar, the count and the time left. A
 * finished stage leaves a line behind; messages appear above the bar.
 */
final class ConsoleProgress implements Progress {
  /** Back to the first column, and erase to the end of the line. */
  static final String ERASE = "\r\u001b[K";

  private static final long REDRAW_NANOS = 100_000_000L;
  private static final int WIDEST_BAR = 30;

  private final PrintStream err;
  private final Terminal terminal;
  private final Messages messages;
  private final LongSupplier nanos;
  private final OpenStage.Stack stages = new OpenStage.Stack();
  private Ticker ticker;
  private boolean drawn;
  private boolean closed;
  private long lastDraw;

  ConsoleProgress(Console console, Messages messages, LongSupplier nanos) {
    this.err = console.err();
    this.terminal = console.terminal();
    this.messages = messages;
    this.nanos = nanos;
  }

  static ConsoleProgress start(Console console, Messages messages) {
    ConsoleProgress progress = new ConsoleProgress(console, messages, System::nanoTime);
    progress.ticker = Ticker.every(500, progress::draw);
    return progress;
  }

  @Override
  public synchronized void on(RunEvent event) {
    if (event instanceof RunEvent.StageStarted start) {
      stages.begin(start, nanos.getAsLong());
      draw();
    } else if (event instanceof RunEvent.Advanced advanced) {
      stages.advance(advanced);
      if (nanos.getAsLong() - lastDraw >= REDRAW_NANOS) {
        draw();
      }
    } else if (event instanceof RunEvent.StageFinished end) {
      OpenStage stage = stages.end(end.name());
      erase();
      if (stage != null) {
        err.println(joined(stage.name(), stage.count(), "in " + new Elapsed(end.seconds())));
      }
      draw();
    } else {
      erase();
      messages.on(event);
      draw();
    }
  }

  /** Draws the current stage over whatever the line held. */
  synchronized void draw() {
    OpenStage stage = stages.current();
    if (stage != null && !closed) {
      err.print(ERASE + line(stage));
      err.flush();
      drawn = true;
      lastDraw = nanos.getAsLong();
    }
  }

  private void erase() {
    if (drawn) {
      err.print(ERASE);
      drawn = false;
    }
  }

  /** One column stays free: a full line would wrap, and could then not be redrawn. */
  private String line(OpenStage stage) {
    long now = nanos.getAsLong();
    int room = Math.max(1, terminal.columns() - 1);
    String time = stage.left(now).isEmpty() ? stage.elapsed(now).toString() : stage.left(now);
    String text = joined(stage.count(), time, stage.detail());
    int bar = Math.min(WIDEST_BAR, room - stage.name().length() - text.length() - 6);
    String line =
        !stage.hasTotal() || bar < 5
            ? joined(stage.name(), text)
            : joined(stage.name(), bar(stage.fraction(), bar), text);
    return line.length() <= room ? coloured(line) : line.substring(0, room);
  }

  private static String bar(double fraction, int width) {
    int full = (int) (fraction * width);
    return "[" + "=".repeat(full) + " ".repeat(width - full) + "]";
  }

  private String coloured(String line) {
    return terminal.colour() ? line.replaceFirst("\\[(=+)", "[\u001b[32m$1\u001b[0m") : line;
  }

  private static String joined(String... parts) {
    StringJoiner line = new StringJoiner("  ");
    for (String part : parts) {
      if (!part.isEmpty()) {
        line.add(part);
      }
    }
    return line.toString();
  }

  @Override
  public synchronized void close() {
    closed = true;
    erase();
    err.flush();
    if (ticker != null) {
      ticker.close();
    }
  }
}
