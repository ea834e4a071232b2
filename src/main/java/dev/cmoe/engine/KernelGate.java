package dev.cmoe.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * What every kernel passes. A process that ends while one runs may crash: libtorch is taken apart
 * under it. So whoever ends the process closes the gate first.
 */
public final class KernelGate {
  private static final ReentrantReadWriteLock GATE = new ReentrantReadWriteLock(true);

  private KernelGate() {}

  /** Waits for ever once the gate is closed. */
  static void enter() {
    GATE.readLock().lock();
  }

  static void leave() {
    GATE.readLock().unlock();
  }

  /**
   * Lets no further kernel begin, and waits for those that run.
   *
   * @param seconds to wait at most
   * @return whether none runs any more
   */
  public static boolean close(long seconds) {
    try {
      // The lock is not given back: the process is ending.
      return GATE.writeLock().tryLock(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
