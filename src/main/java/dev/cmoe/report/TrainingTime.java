package dev.cmoe.report;

/**
 * How fast a training was.
 *
 * @param trainingSeconds that the steps took, whichever processes ran them; measuring and writing
 *     do not count
 * @param tokensPerSecond of these steps
 * @param resumedAfter steps that earlier processes had done where the run was resumed, so that its
 *     stages and peaks are those of the rest; null where it was not
 */
public record TrainingTime(double trainingSeconds, Double tokensPerSecond, Long resumedAfter) {
  public TrainingTime {
    Finite.required(trainingSeconds, "training seconds");
    tokensPerSecond = Finite.orNull(tokensPerSecond);
  }
}
