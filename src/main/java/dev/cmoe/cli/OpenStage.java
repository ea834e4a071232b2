package dev.cmoe.cli;

import dev.cmoe.run.RunEvent;
import java.util.ArrayDeque;
import java.util.Deque;

/** How far a stage is that has begun and not ended. */
final class OpenStage {
  private final RunEvent.StageStarted start;
  private final long startNanos;
  private long done;
  private String detail = "";

  private OpenStage(RunEvent.StageStarted start, long startNanos) {
    this.start = start;
    this.startNanos = startNanos;
  }

  String name() {
    return start.name();
  }

  String detail() {
    return detail;
  }

  /** From 0 to 1; 0 as well when the total is not known. */
  double fraction() {
    return start.total() > 0 ? Math.min(1, (double) done / start.total()) : 0;
  }

  boolean hasTotal() {
    return start.total() > 0;
  }

  /** {@code 5/22 layers}, {@code 5 layers} without a total, or nothing without either. */
  String count() {
    if (start.total() > 0) {
      return done + "/" + start.total() + " " + start.unit();
    }
    return done > 0 ? done + " " + start.unit() : "";
  }

  Elapsed elapsed(long nanos) {
    return new Elapsed(Math.max(0, nanos - startNanos) / 1e9);
  }

  /** {@code 0:42 left}, if what is done so far allows to say; else nothing. */
  String left(long nanos) {
    if (done == 0 || !hasTotal() || done >= start.total()) {
      return "";
    }
    double seconds = elapsed(nanos).seconds() * (start.total() - done) / done;
    return new Elapsed(seconds) + " left";
  }

  /** The open stages of a run, innermost first. */
  static final class Stack {
    private final Deque<OpenStage> stages = new ArrayDeque<>();

    /** The innermost stage, or null. */
    OpenStage current() {
      return stages.peek();
    }

    void begin(RunEvent.StageStarted start, long nanos) {
      stages.push(new OpenStage(start, nanos));
    }

    void advance(RunEvent.Advanced advanced) {
      OpenStage stage = stages.peek();
      if (stage != null) {
        stage.done = advanced.done();
        stage.detail = advanced.detail();
      }
    }

    /** Ends the stage of that name and any that a failure left open inside it; null if none. */
    OpenStage end(String name) {
      while (!stages.isEmpty()) {
        OpenStage stage = stages.pop();
        if (stage.name().equals(name)) {
          return stage;
        }
      }
      return null;
    }
  }
}
