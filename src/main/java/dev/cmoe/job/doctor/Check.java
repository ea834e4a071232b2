package dev.cmoe.job.doctor;

import dev.cmoe.run.FailureKind;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One check and what it came to.
 *
 * @param name such as {@code libtorch}
 * @param detail what was found, one line
 * @param advice what to do, where it is not ok and the detail does not say
 * @param failure how a command ends because of it; only of a failed check
 * @param facts what was found as values: strings, numbers, booleans or lists of them
 */
public record Check(
    String name,
    Status status,
    String detail,
    Optional<String> advice,
    Optional<FailureKind> failure,
    Map<String, Object> facts) {

  /** What a check came to. */
  public enum Status {
    OK,
    /** The program works, but slower than it could, or not everywhere. */
    WARNING,
    FAILED,
    /** It could not be made, since another failed. */
    LEFT_OUT
  }

  public Check {
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
  }

  static Check ok(String name, String detail) {
    return new Check(name, Status.OK, detail, Optional.empty(), Optional.empty(), Map.of());
  }

  static Check warning(String name, String detail, String advice) {
    return new Check(name, Status.WARNING, detail, Optional.of(advice), Optional.empty(), Map.of());
  }

  /**
   * @param advice may be empty, where the detail says it
   */
  static Check failed(String name, FailureKind kind, String detail, String advice) {
    return new Check(
        name,
        Status.FAILED,
        detail,
        Optional.of(advice).filter(text -> !text.isEmpty()),
        Optional.of(kind),
        Map.of());
  }

  static Check leftOut(String name, String why) {
    return new Check(name, Status.LEFT_OUT, why, Optional.empty(), Optional.empty(), Map.of());
  }

  /** The same check with one more fact; a number that is not finite is none. */
  Check with(String fact, Object value) {
    if (value instanceof Double number && !Double.isFinite(number)) {
      return this;
    }
    Map<String, Object> more = new LinkedHashMap<>(facts);
    more.put(fact, value);
    return new Check(name, status, detail, advice, failure, more);
  }
}
