package dev.cmoe.job.doctor;

import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Environment variables and system properties.
 *
 * @param variables the value of a variable, or null
 * @param properties the value of a property, or null
 */
record Environment(UnaryOperator<String> variables, UnaryOperator<String> properties) {
  static Environment ofProcess() {
    return new Environment(System::getenv, System::getProperty);
  }

  /** The variable's value, unless it is blank. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(variables.apply(name)).filter(value -> !value.isBlank());
  }

  /** The property's value; empty text where it has none. */
  String property(String name) {
    String value = properties.apply(name);
    return value == null ? "" : value;
  }
}
