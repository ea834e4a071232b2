package dev.cmoe.job;

import dev.cmoe.report.RunCost;
import dev.cmoe.report.StageCost;
import dev.cmoe.run.RunEvent;
import dev.cmoe.run.RunListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Passes events on and measures on the way: time and peak memory of each outermost stage, and the
 * warnings. A thread of its own samples memory, so short peaks inside a kernel count.
 */
final class RunMeter implements RunListener, AutoCloseable {
  private static final long SAMPLE_MILLIS = 20;

  private final RunListener next;
  private final long start = System.nanoTime();
  private final List<StageCost> stages = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final Thread sampler = new Thread(this::sample, "cmoe-memory");
  private volatile boolean closed;
  private ProcessMemory stagePeak = new ProcessMemory(0, 0);
  private ProcessMemory peak = new ProcessMemory(0, 0);

  RunMeter(RunListener next) {
    this.next = next;
    sampler.setDaemon(true);
    sampler.start();
  }

  @Override
  public void on(RunEvent event) {
    if (event instanceof RunEvent.StageStarted started) {
      if (open.isEmpty()) {
        beginStage();
      }
      open.push(started.name());
    } else if (event instanceof RunEvent.StageFinished finished) {
      open.pop();
      if (open.isEmpty()) {
        endStage(finished);
      }
    } else if (event instanceof RunEvent.Warned warned) {
      warnings.add(warned.text());
    }
    next.on(event);
  }

  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** What the run cost so far. */
  synchronized RunCost cost() {
    take(ProcessMemory.now());
    return new RunCost(
        (System.nanoTime() - start) / 1e9,
        known(peak.resident()),
        known(peak.anonymous()),
        List.copyOf(stages));
  }

  private synchronized void beginStage() {
    stagePeak = new ProcessMemory(0, 0);
    take(ProcessMemory.now());
  }

  private synchronized void endStage(RunEvent.StageFinished finished) {
    take(ProcessMemory.now());
    stages.add(
        new StageCost(
            finished.name(),
            finished.seconds(),
            known(stagePeak.resident()),
            known(stagePeak.anonymous())));
  }

  private static Long known(long bytes) {
    return bytes > 0 ? bytes : null;
  }

  private void sample() {
    while (!closed) {
      take(ProcessMemory.now());
      try {
        Thread.sleep(SAMPLE_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private synchronized void take(ProcessMemory now) {
    peak = larger(peak, now);
    stagePeak = larger(stagePeak, now);
  }

  private static ProcessMemory larger(ProcessMemory a, ProcessMemory b) {
    return new ProcessMemory(
        Math.max(a.resident(), b.resident()), Math.max(a.anonymous(), b.anonymous()));
  }

  @Override
  public void close() {
    closed = true;
    sampler.interrupt();
  }
}
