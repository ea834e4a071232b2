package dev.cmoe.recipe;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a setting can hold, and how it is written in YAML.
 *
 * @param list whether it takes several words
 * @param reader makes the value from its words (exactly one unless {@code list}); throws {@link
 *     IllegalArgumentException} with a reason that starts with the word
 * @param writer the YAML form, which {@code reader} understands; empty for "not decided"
 */
record ValueType<T>(boolean list, Function<List<String>, T> reader, Function<T, String> writer) {

  static ValueType<Integer> count(int min, int max) {
    return scalar(text -> (int) whole(text, min, max), String::valueOf);
  }

  /** A count that may stay undecided. */
  static ValueType<OptionalInt> optionalCount(int min, int max) {
    return scalar(
        text -> OptionalInt.of((int) whole(text, min, max)),
        value -> value.isPresent() ? Integer.toString(value.getAsInt()) : "");
  }

  static ValueType<Long> whole(long min, long max) {
    return scalar(text -> whole(text, min, max), String::valueOf);
  }

  static ValueType<Double> positive() {
    return scalar(ValueType::positive, ValueType::decimal);
  }

  static ValueType<List<Double>> positives() {
    return new ValueType<>(
        true,
        words -> {
          if (words.isEmpty()) {
            throw new IllegalArgumentException("must name at least one number");
          }
          return words.stream().map(ValueType::positive).toList();
        },
        values -> flow(values.stream().map(ValueType::decimal).toList()));
  }

  static ValueType<List<Path>> paths() {
    return new ValueType<>(
        true,
        words -> words.stream().map(ValueType::path).toList(),
        paths -> flow(paths.stream().map(path -> quoted(path.toString())).toList()));
  }

  static ValueType<Boolean> flag() {
    return scalar(
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException("'" + text + "' is not true or false");
            },
        String::valueOf);
  }

  static <C extends Enum<C> & Choice> ValueType<C> choice(Class<C> type) {
    List<C> all = List.of(type.getEnumConstants());
    List<String> ids = all.stream().map(Choice::id).toList();
    return scalar(
        text ->
            all.stream()
                .filter(choice -> choice.id().equals(text))
                .findFirst()
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "'"
                                + text
                                + "' is not one of "
                                + String.join(", ", ids)
                                + Suggestion.clause(text, ids))),
        Choice::id);
  }

  static <T> ValueType<T> scalar(Function<String, T> reader, Function<T, String> writer) {
    return new ValueType<>(false, words -> reader.apply(words.get(0)), writer);
  }

  private static long whole(String text, long min, long max) {
    try {
      long value = Long.parseLong(text.replace("_", ""));
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the one message that names the range.
    }
    String range = max == Long.MAX_VALUE ? "of at least " + min : "from " + min + " to " + max;
    throw new IllegalArgumentException("'" + text + "' is not a whole number " + range);
  }

  private static double positive(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && value < Double.POSITIVE_INFINITY) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the one message that names the range.
    }
    throw new IllegalArgumentException("'" + text + "' is not a number above 0");
  }

  private static Path path(String text) {
    try {
      if (!text.isBlank()) {
        return Path.of(text);
      }
    } catch (InvalidPathException e) {
      // Falls through to the one message.
    }
    throw new IllegalArgumentException("'" + text + "' is not a file name");
  }

  private static String decimal(double value) {
    String text = Double.toString(value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  private static String flow(List<String> items) {
    return "[" + String.join(", ", items) + "]";
  }

  /** A double-quoted YAML string. */
  private static String quoted(String text) {
    return text.chars()
        .mapToObj(
            c ->
                switch (c) {
                  case '"' -> "\\\"";
                  case '\\' -> "\\\\";
                  default ->
                      c < ' ' || (c >= 0x7f && c < 0xa0)
                          ? String.format("\\u%04x", c)
                          : Character.toString(c);
                })
        .collect(Collectors.joining("", "\"", "\""));
  }

  /** Splits {@code a,b} and {@code [a, b]}, the forms of a list on the command line. */
  static List<String> commaSeparated(String text) {
    String inner =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    return Arrays.stream(inner.split(",")).map(String::strip).filter(w -> !w.isEmpty()).toList();
  }
}
