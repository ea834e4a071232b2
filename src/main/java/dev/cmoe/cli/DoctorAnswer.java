package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.job.doctor.Check;
import dev.cmoe.job.doctor.Diagnosis;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.Versions;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The checks of the machine; the JSON is {@code cmoe.doctor/1}.
 *
 * @param told the lines were printed while they came
 */
record DoctorAnswer(Diagnosis diagnosis, boolean told) implements Answer {
  @Override
  public int code() {
    return diagnosis.worst().map(FailureKind::exitCode).orElse(0);
  }

  /** One check in one line: what it came to, what was found, what to do. */
  static String line(Check check) {
    String advice = check.advice().map(text -> "; to do: " + text).orElse("");
    return String.format(
        "%-9s%s: %s%s", word(check.status()), check.name(), check.detail(), advice);
  }

  private static String word(Check.Status status) {
    return switch (status) {
      case OK -> "ok";
      case WARNING -> "warning";
      case FAILED -> "FAILED";
      case LEFT_OUT -> "left out";
    };
  }

  @Override
  public String text() {
    String lines =
        told
            ? ""
            : diagnosis.checks().stream()
                .map(check -> line(check) + System.lineSeparator())
                .collect(Collectors.joining());
    List<String> failed = diagnosis.named(Check.Status.FAILED);
    List<String> warned = diagnosis.named(Check.Status.WARNING);
    String verdict = failed.isEmpty() ? "nothing failed" : "failed: " + String.join(", ", failed);
    String warnings = warned.isEmpty() ? "" : "; warnings: " + String.join(", ", warned);
    return lines + verdict + warnings;
  }

  @Override
  public String json() {
    ObjectNode document = Documents.of("cmoe.doctor/1");
    document.put("cmoe", Versions.current().cmoe());
    document.put("passed", diagnosis.worst().isEmpty());
    document.put("code", code());
    document.put("seconds", diagnosis.seconds());
    ArrayNode checks = document.putArray("checks");
    for (Check check : diagnosis.checks()) {
      ObjectNode entry = checks.addObject();
      entry.put("name", check.name());
      entry.put("status", check.status().name().toLowerCase(Locale.ROOT));
      entry.put("detail", check.detail());
      check.advice().ifPresent(advice -> entry.put("advice", advice));
      check.failure().ifPresent(kind -> entry.put("code", kind.exitCode()));
      entry.set("facts", Documents.tree(check.facts()));
    }
    return Documents.render(document);
  }
}
