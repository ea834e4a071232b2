package dev.cmoe.finetune;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** Short runs for tests. */
final class Specs {
  static final LoraSpec LORA = new LoraSpec(2, 8, 0, EnumSet.allOf(LoraTarget.class));

  private Set<TrainedKind> kinds = EnumSet.allOf(TrainedKind.class);
  private LoraSpec lora = LORA;
  private double rate = 1e-2;
  private double balance = 1e-3;
  private double clip;
  private long steps = 6;
  private int micro = 2;
  private long saveEvery;
  private long evaluateEvery;

  Specs kinds(Set<TrainedKind> chosen) {
    kinds = chosen;
    return this;
  }

  Specs dropout(double p) {
    lora = new LoraSpec(lora.rank(), lora.alpha(), p, lora.targets());
    return this;
  }

  Specs rate(double all) {
    rate = all;
    return this;
  }

  Specs balance(double gamma) {
    balance = gamma;
    return this;
  }

  Specs clip(double length) {
    clip = length;
    return this;
  }

  Specs steps(long count) {
    steps = count;
    return this;
  }

  Specs micro(int windows) {
    micro = windows;
    return this;
  }

  Specs saveEvery(long every) {
    saveEvery = every;
    return this;
  }

  Specs evaluateEvery(long every) {
    evaluateEvery = every;
    return this;
  }

  TrainingSpec build() {
    Map<TrainedKind, Double> rates = new EnumMap<>(TrainedKind.class);
    for (TrainedKind kind : TrainedKind.values()) {
      rates.put(kind, rate);
    }
    return new TrainingSpec(
        kinds,
        lora,
        new OptimizerSpec(rates, 0.9, 0.95, 1e-8, 0, clip, new Schedule(Schedule.Kind.COSINE, 2)),
        balance,
        new Distillation(1, 0.5),
        steps,
        4,
        micro,
        evaluateEvery,
        saveEvery,
        2,
        7);
  }
}
