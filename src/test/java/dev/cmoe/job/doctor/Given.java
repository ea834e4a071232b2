package dev.cmoe.job.doctor;

import java.util.HashMap;
import java.util.Map;

/** Environments of tests. */
final class Given {
  private Given() {}

  /** With these variables, {@code NAME=value}, and the properties of a 64-bit Linux. */
  static Environment variables(String... settings) {
    Map<String, String> variables = new HashMap<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      variables.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    Map<String, String> properties =
        Map.of(
            "java.version", "17.0.1",
            "java.vendor", "Someone",
            "sun.arch.data.model", "64",
            "os.name", "Linux",
            "os.arch", "amd64");
    return new Environment(variables::get, properties::get);
  }
}
