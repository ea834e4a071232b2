package dev.cmoe.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads that do a piece of work together and meet at its end, hundreds of times a token. They
 * wait for the next piece awake for a short time, since waking a thread takes as long as a small
 * piece. One thread at a time gives them work, and takes part in it.
 */
public final class Crew implements AutoCloseable {
  /** A piece of work, of which each member does its part. */
  @FunctionalInterface
  public interface Work {
    void of(Part part);
  }

  /**
   * Which part.
   *
   * @param member from 0
   * @param count members
   */
  public record Part(int member, int count) {
    /**
     * Where the part of {@code n} values begins: at an even one, so that no two share a {@link Row}
     * 's word.
     */
    public int from(int n) {
      return bound(n, member);
    }

    /** Behind its last value. */
    public int to(int n) {
      return bound(n, member + 1);
    }

    private int bound(int n, int parts) {
      return parts == count ? n : (int) ((long) n * parts / count) & ~1;
    }
  }

  /** Rounds of waiting awake, some 0.2 ms. */
  private static final int AWAKE = 20_000;

  private final Part own;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger working = new AtomicInteger();
  private volatile Work work;
  private boolean closed;
  private volatile int piece;
  private volatile Throwable failure;

  /** {@code count} members, the thread that calls {@link #run} among them. */
  public Crew(int count) {
    own = new Part(0, count);
    for (int i = 1; i < count; i++) {
      Part part = new Part(i, count);
      Thread thread = new Thread(() -> serve(part), "crew-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  /** Number of members. */
  public int count() {
    return own.count();
  }

  /**
   * Has every member do its part, and returns when all have.
   *
   * @throws RuntimeException or an error that a member threw
   * @throws IllegalStateException after {@link #close}
   */
  public void run(Work next) {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    failure = null;
    working.set(threads.size());
    work = next;
    begin();
    try {
      next.of(own);
    } finally {
      for (int i = 0; working.get() > 0; i++) {
        if (i < AWAKE) {
          Thread.onSpinWait();
        } else {
          Thread.yield(); // There may be fewer processors than members.
        }
      }
    }
    if (failure instanceof Error error) {
      throw error;
    } else if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void begin() {
    piece++; // No other thread writes it.
    threads.forEach(LockSupport::unpark);
  }

  private void serve(Part part) {
    int seen = 0;
    while (true) {
      for (int i = 0; piece == seen; i++) {
        if (i < AWAKE) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
      }
      seen++;
      Work now = work;
      if (now == null) {
        return;
      }
      try {
        now.of(part);
      } catch (RuntimeException | Error e) {
        failure = e;
      } finally {
        working.decrementAndGet();
      }
    }
  }

  /** Sends the other members home. */
  @Override
  public void close() {
    closed = true;
    work = null;
    begin();
  }
}
