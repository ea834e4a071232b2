package dev.cmoe.run;

import java.nio.file.Path;

/**
 * A failure that a user can act on. The message is one line: where (file, tensor, line), what is
 * wrong, what to do about it. Library code throws it and never prints or exits; the command line
 * turns it into one line and an exit code.
 */
public final class CmoeException extends RuntimeException {
  private final FailureKind kind;

  public CmoeException(FailureKind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public CmoeException(FailureKind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /**
   * Input at {@code where} that cannot be used; {@code what} says why and, where there is one, the
   * remedy.
   */
  public static CmoeException badInput(Path where, String what) {
    return new CmoeException(FailureKind.BAD_INPUT, where + ": " + what);
  }

  public static CmoeException badInput(String what) {
    return new CmoeException(FailureKind.BAD_INPUT, what);
  }

  public static CmoeException usage(String what) {
    return new CmoeException(FailureKind.USAGE, what);
  }

  public static CmoeException unsupported(String what) {
    return new CmoeException(FailureKind.UNSUPPORTED, what);
  }

  public static CmoeException verification(String what) {
    return new CmoeException(FailureKind.VERIFICATION, what);
  }

  public static CmoeException resources(String what) {
    return new CmoeException(FailureKind.RESOURCES, what);
  }

  public static CmoeException resources(String what, Throwable cause) {
    return new CmoeException(FailureKind.RESOURCES, what, cause);
  }

  public FailureKind kind() {
    return kind;
  }
}
