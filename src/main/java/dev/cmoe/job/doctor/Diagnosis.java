package dev.cmoe.job.doctor;

import dev.cmoe.run.FailureKind;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * All checks.
 *
 * @param seconds that they took
 */
public record Diagnosis(List<Check> checks, double seconds) {
  public Diagnosis {
    checks = List.copyOf(checks);
  }

  /** The worst failure: wrong results, then missing resources; empty when none failed. */
  public Optional<FailureKind> worst() {
    List<FailureKind> kinds = checks.stream().flatMap(check -> check.failure().stream()).toList();
    return Stream.of(FailureKind.VERIFICATION, FailureKind.RESOURCES)
        .filter(kinds::contains)
        .findFirst()
        .or(() -> kinds.stream().findFirst());
  }

  /** Names of the checks that came to {@code status}. */
  public List<String> named(Check.Status status) {
    return checks.stream().filter(check -> check.status() == status).map(Check::name).toList();
  }
}
