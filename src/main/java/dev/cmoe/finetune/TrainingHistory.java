package dev.cmoe.finetune;

import java.util.ArrayList;
import java.util.List;

/** What a run has measured so far. */
public record TrainingHistory(List<Step> steps, List<Measure> measures) {

  /**
   * One step.
   *
   * @param loss mean over predicted tokens of what is minimised, nats
   * @param entropy mean cross-entropy, nats
   * @param divergence mean KL from the teacher at the temperature, nats; 0 without a teacher
   * @param gradient length of all gradients before clipping
   * @param rate what the schedule multiplied the learning rates with
   * @param skipped nothing was changed, since a number was none
   */
  public record Step(
      long step,
      double loss,
      double entropy,
      double divergence,
      double gradient,
      double rate,
      boolean skipped) {}

  /**
   * What held-out text gave after {@code step} steps.
   *
   * @param imbalance largest load of a layer's experts over their mean load, mean over layers; 0
   *     where nothing is routed
   */
  public record Measure(long step, double perplexity, double imbalance) {}

  static TrainingHistory empty() {
    return new TrainingHistory(new ArrayList<>(), new ArrayList<>());
  }

  /** A copy that no longer changes. */
  TrainingHistory frozen() {
    return new TrainingHistory(List.copyOf(steps), List.copyOf(measures));
  }
}
