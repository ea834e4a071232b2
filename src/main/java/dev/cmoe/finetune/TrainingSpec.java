package dev.cmoe.finetune;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What is trained, and how.
 *
 * @param balance γ: what a selection bias moves by after a step (CMoE 1.7)
 * @param steps updates of the whole run
 * @param batch windows a step
 * @param microBatch windows that go through the model at a time; gradients of a step are summed
 * @param evaluateEvery steps between measurements on held-out text; 0 for before and after alone
 * @param saveEvery steps between saved states; 0 for none
 * @param skips steps in a row that may be left out since a loss or gradient is no number
 */
public record TrainingSpec(
    Set<TrainedKind> kinds,
    LoraSpec lora,
    OptimizerSpec optimizer,
    double balance,
    Distillation distillation,
    long steps,
    int batch,
    int microBatch,
    long evaluateEvery,
    long saveEvery,
    int skips,
    long seed) {
  public TrainingSpec {
    // In the order of the constants: what this prints as decides whether a run is another one.
    EnumSet<TrainedKind> sorted = EnumSet.noneOf(TrainedKind.class);
    sorted.addAll(kinds);
    kinds = Collections.unmodifiableSet(sorted);
  }
}
