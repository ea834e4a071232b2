package dev.cmoe.finetune;

import java.util.Locale;

/** What can be trained; each kind with gradients has a learning rate of its own. */
public enum TrainedKind {
  /** Low-rank additions to projections (Hu et al. 2021). */
  LORA,
  /** u of the gates g = 1 + s'·u (CMoE 1.6). */
  GATES,
  /** Weight and bias of linear routers. */
  ROUTER,
  /** The selection bias, by the sign of the load's deviation (CMoE 1.7); no gradient. */
  BIAS;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
