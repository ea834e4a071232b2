package dev.cmoe.report;

import java.util.List;

/**
 * Time and memory of a run: all that differs between two equal runs.
 *
 * @param totalSeconds wall time of the whole run
 * @param peakRssBytes largest resident set, mapped files included; null where the platform does not
 *     tell
 * @param peakAnonymousBytes largest anonymous resident memory; null likewise
 * @param stages in the order they ran
 */
public record RunCost(
    double totalSeconds, Long peakRssBytes, Long peakAnonymousBytes, List<StageCost> stages) {
  public RunCost {
    Finite.required(totalSeconds, "total seconds");
    stages = List.copyOf(stages);
  }
}
