package dev.cmoe.report;

/**
 * What one stage of a run cost.
 *
 * @param name such as {@code carving}; {@code total} is taken by the sum
 * @param seconds wall time
 * @param peakRssBytes largest resident set during the stage, mapped files included; null where the
 *     platform does not tell
 * @param peakAnonymousBytes largest anonymous resident memory during the stage; null likewise
 */
public record StageCost(String name, double seconds, Long peakRssBytes, Long peakAnonymousBytes) {
  public StageCost {
    Finite.required(seconds, "seconds of stage " + name);
    if (name.equals("total")) {
      throw new IllegalArgumentException("a stage cannot be called total");
    }
  }
}
