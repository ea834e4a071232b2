package dev.cmoe.cli;

import dev.cmoe.run.RunEvent;
import java.util.StringJoiner;
import java.util.function.LongSupplier;

/** Progress as lines, for logs: one every ten seconds and one at the end of each stage. */
final class PlainProgress implements Progress {
  private static final long INTERVAL_NANOS = 10_000_000_000L;

  private final Console console;
  private final Messages messages;
  private final LongSupplier nanos;
  private final OpenStage.Stack stages = new OpenStage.Stack();
  private Ticker ticker;
  private long lastLine;

  PlainProgress(Console console, Messages messages, LongSupplier nanos) {
    this.console = console;
    this.messages = messages;
    this.nanos = nanos;
    this.lastLine = nanos.getAsLong();
  }

  static PlainProgress start(Console console, Messages messages) {
    PlainProgress progress = new PlainProgress(console, messages, System::nanoTime);
    progress.ticker = Ticker.every(1000, progress::tick);
    return progress;
  }

  @Override
  public synchronized void on(RunEvent event) {
    if (event instanceof RunEvent.StageStarted start) {
      stages.begin(start, nanos.getAsLong());
    } else if (event instanceof RunEvent.Advanced advanced) {
      stages.advance(advanced);
      tick();
    } else if (event instanceof RunEvent.StageFinished end) {
      OpenStage stage = stages.end(end.name());
      if (stage != null) {
        print(stage.name(), stage.count(), new Elapsed(end.seconds()).toString());
      }
    } else {
      messages.on(event);
    }
  }

  /** Prints how far the current stage is, if the last line is old enough. */
  synchronized void tick() {
    long now = nanos.getAsLong();
    OpenStage stage = stages.current();
    if (stage != null && now - lastLine >= INTERVAL_NANOS) {
      String elapsed = stage.elapsed(now).toString();
      print(stage.name(), stage.count(), stage.detail(), elapsed, stage.left(now));
    }
  }

  private void print(String name, String... parts) {
    StringJoiner line = new StringJoiner(", ", name + ": ", "");
    for (String part : parts) {
      if (!part.isEmpty()) {
        line.add(part);
      }
    }
    console.err().println(line);
    lastLine = nanos.getAsLong();
  }

  @Override
  public void close() {
    if (ticker != null) {
      ticker.close();
    }
  }
}
