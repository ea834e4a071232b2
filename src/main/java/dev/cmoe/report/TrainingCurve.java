package dev.cmoe.report;

import java.util.List;

/** What a training measured on its way. */
public record TrainingCurve(List<Step> steps, List<Measure> measures) {
  public TrainingCurve {
    steps = steps == null ? List.of() : List.copyOf(steps);
    measures = measures == null ? List.of() : List.copyOf(measures);
  }

  /**
   * One step; a figure that was no number is null.
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
      Double loss,
      Double entropy,
      Double divergence,
      Double gradient,
      Double rate,
      boolean skipped) {
    public Step {
      loss = Finite.orNull(loss);
      entropy = Finite.orNull(entropy);
      divergence = Finite.orNull(divergence);
      gradient = Finite.orNull(gradient);
      rate = Finite.orNull(rate);
    }
  }

  /**
   * Held-out text after {@code step} steps.
   *
   * @param imbalance largest load of a layer's experts over their mean load, mean over layers; 0
   *     where nothing is routed
   */
  public record Measure(long step, Double perplexity, Double imbalance) {
    public Measure {
      perplexity = Finite.orNull(perplexity);
      imbalance = Finite.orNull(imbalance);
    }
  }

  /** Steps that changed nothing. */
  public long skipped() {
    return steps.stream().filter(Step::skipped).count();
  }
}
