package dev.cmoe.run;

/** One stage of a run: announces itself, its advance and, on close, its duration. */
public final class Stage implements AutoCloseable {
  private final String name;
  private final RunListener listener;
  private final long start = System.nanoTime();

  private Stage(String name, RunListener listener) {
    this.name = name;
    this.listener = listener;
  }

  public static Stage start(RunListener listener, String name, String unit, long total) {
    listener.on(new RunEvent.StageStarted(name, unit, total));
    return new Stage(name, listener);
  }

  public void advance(long done) {
    advance(done, "");
  }

  public void advance(long done, String detail) {
    listener.on(new RunEvent.Advanced(done, detail));
  }

  public double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    listener.on(new RunEvent.StageFinished(name, seconds()));
  }
}
