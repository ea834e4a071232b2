package dev.cmoe.job.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Settings of threads that slow things down. libtorch is given its number of threads by the engine;
 * ND4J, which groups neurons, reads OMP_NUM_THREADS itself.
 */
final class ThreadsCheck {
  private static final String NUMBER = "OMP_NUM_THREADS";
  private static final String LIMIT = "OMP_THREAD_LIMIT";
  private static final String WAIT = "OMP_WAIT_POLICY";

  private ThreadsCheck() {}

  /**
   * @param cores that this process may use
   * @param asked --threads
   */
  static Check of(Environment environment, int cores, OptionalInt asked) {
    int threads = asked.orElse(cores);
    List<String> troubles = new ArrayList<>();
    List<String> remedies = new ArrayList<>();
    if (threads > cores) {
      troubles.add("more threads than cores");
      remedies.add("leave out --threads");
    }
    Optional<String> wait = environment.variable(WAIT);
    if (!wait.map("PASSIVE"::equalsIgnoreCase).orElse(false)) {
      troubles.add(
          WAIT
              + wait.map(value -> "=" + value).orElse(" is not set")
              + ", so the two OpenMP runtimes spin against each other");
      remedies.add("start cmoe with scripts/cmoe or bin/cmoe, or set " + WAIT + "=PASSIVE");
    }
    environment
        .variable(NUMBER)
        .ifPresent(
            value -> {
              OptionalInt number = number(value);
              if (number.isEmpty()) {
                troubles.add(NUMBER + "=" + value + " is not one number, and ND4J fails on it");
                remedies.add("unset " + NUMBER);
              } else if (number.getAsInt() != threads) {
                troubles.add(NUMBER + "=" + value + " is what ND4J uses, libtorch " + threads);
                remedies.add("unset " + NUMBER);
              }
            });
    environment
        .variable(LIMIT)
        .filter(value -> number(value).orElse(0) < threads)
        .ifPresent(
            value -> {
              troubles.add(LIMIT + "=" + value + " is less than " + threads);
              remedies.add("unset " + LIMIT);
            });
    String found = threads + (threads == 1 ? " thread for " : " threads for ") + cores(cores);
    Check check =
        troubles.isEmpty()
            ? Check.ok("threads", found)
            : Check.warning(
                "threads",
                found + "; " + String.join("; ", troubles),
                String.join("; ", remedies.stream().distinct().toList()));
    for (String name : List.of(NUMBER, LIMIT, WAIT)) {
      if (environment.variable(name).isPresent()) {
        check = check.with(name, environment.variable(name).get());
      }
    }
    return check.with("threads", threads);
  }

  private static String cores(int cores) {
    return cores == 1 ? "1 core" : cores + " cores";
  }

  private static OptionalInt number(String value) {
    return value.strip().matches("[1-9]\\d{0,6}")
        ? OptionalInt.of(Integer.parseInt(value.strip()))
        : OptionalInt.empty();
  }
}
