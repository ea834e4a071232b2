package dev.cmoe.finetune;

/**
 * How a teacher takes part in the loss: (1 - mix) cross-entropy + mix T² KL(teacher ‖ student),
 * both softened by T (Hinton et al. 2015).
 *
 * @param temperature T
 */
public record Distillation(double temperature, double mix) {
  /** Cross-entropy alone, as without a teacher. */
  static final Distillation NONE = new Distillation(1, 0);

  /** The loss of mean cross-entropy and divergence. */
  double loss(double entropy, double divergence) {
    return (1 - mix) * entropy + mix * temperature * temperature * divergence;
  }
}
