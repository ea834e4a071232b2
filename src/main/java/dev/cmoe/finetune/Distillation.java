package dev.cmoe.finetune;

/**
 * How a teacher takes part in the loss: (1 - mix) cross-entropy + mix T² KL(teacher ‖ student),
 * both softened by T (Hinton et al. 2015).
 *
 * @param temperature T
 */
public record Distillation(double temperature, double mix) {}
