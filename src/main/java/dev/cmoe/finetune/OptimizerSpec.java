package dev.cmoe.finetune;

import java.util.EnumMap;
import java.util.Map;

/**
 * AdamW and what goes before it.
 *
 * @param rates learning rate of each kind that has gradients
 * @param decay decoupled weight decay
 * @param clip longest gradient, all parameters taken together; longer ones are scaled down to it. 0
 *     for any length
 */
public record OptimizerSpec(
    Map<TrainedKind, Double> rates,
    double beta1,
    double beta2,
    double epsilon,
    double decay,
    double clip,
    Schedule schedule) {
  public OptimizerSpec {
    EnumMap<TrainedKind, Double> sorted = new EnumMap<>(TrainedKind.class);
    sorted.putAll(rates);
    rates = java.util.Collections.unmodifiableMap(sorted);
  }

  double rate(TrainedKind kind) {
    return rates.getOrDefault(kind, 0.);
  }
}
