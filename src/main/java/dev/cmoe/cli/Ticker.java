package dev.cmoe.cli;

/** Calls a task again and again on a thread of its own, so that a long step does not look dead. */
final class Ticker implements AutoCloseable {
  private final Thread thread;

  private Ticker(Thread thread) {
    this.thread = thread;
  }

  static Ticker every(long millis, Runnable task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  Thread.sleep(millis);
                  task.run();
                }
              } catch (InterruptedException e) {
                // Closed.
              }
            },
            "progress");
    thread.setDaemon(true);
    thread.start();
    return new Ticker(thread);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
