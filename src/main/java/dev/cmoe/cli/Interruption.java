package dev.cmoe.cli;

import dev.cmoe.engine.KernelGate;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;

/**
 * Ctrl-C or a termination signal. The virtual machine ends by itself with 128 plus the signal's
 * number, 130 for Ctrl-C; all that is left to do is to say so.
 */
final class Interruption extends Thread {
  /** More than a kernel takes, but for the largest models. */
  private static final long PATIENCE_SECONDS = 10;

  private final Console console;
  private final FailureHandler failures;
  private volatile boolean armed = true;

  private Interruption(Console console, FailureHandler failures) {
    super("interruption");
    this.console = console;
    this.failures = failures;
  }

  /** From now to {@link #disarm} the end of the process counts as an interruption. */
  static Interruption arm(Console console, FailureHandler failures) {
    Interruption interruption = new Interruption(console, failures);
    Runtime.getRuntime().addShutdownHook(interruption);
    return interruption;
  }

  void disarm() {
    armed = false;
  }

  @Override
  public void run() {
    if (armed) {
      if (console.terminal().interactive()) {
        console.err().print(ConsoleProgress.ERASE);
      }
      failures.handle(new CmoeException(FailureKind.INTERRUPTED, "interrupted"), "");
      if (!KernelGate.close(PATIENCE_SECONDS)) {
        // Halting would not do either: that too takes libtorch apart under the kernel.
        console.err().println("waiting for a long computation to end; kill -9 ends it at once");
        KernelGate.close(Long.MAX_VALUE);
      }
    }
  }
}
