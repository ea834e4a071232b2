package dev.cmoe.run;

/** Why a command failed, as a script sees it. The codes are a contract (docs/cli.md). */
public enum FailureKind {
  /** A defect in cmoe itself. */
  INTERNAL(1),
  /** Wrong options or arguments. */
  USAGE(2),
  /** A file, recipe or text that cannot be used as it is. */
  BAD_INPUT(3),
  /** A sound model of a kind that cmoe cannot carve or run. */
  UNSUPPORTED(4),
  /** A result that is not what it must be. */
  VERIFICATION(5),
  /** Not enough memory or disk, or a place that cannot be written. */
  RESOURCES(6),
  /** Stopped from outside. */
  INTERRUPTED(130);

  private final int exitCode;

  FailureKind(int exitCode) {
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
