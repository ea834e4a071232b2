package dev.cmoe.job;

import dev.cmoe.finetune.Distillation;
import dev.cmoe.finetune.LoraSpec;
import dev.cmoe.finetune.OptimizerSpec;
import dev.cmoe.finetune.TrainedKind;
import dev.cmoe.finetune.TrainingSpec;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The settled settings of a fine-tuning by the names that the command line has for them. */
final class TrainingSettings {
  private final Map<String, String> values = new LinkedHashMap<>();

  private TrainingSettings() {}

  /**
   * @param window tokens a window, as settled
   * @param text names of the texts
   */
  static Map<String, String> of(
      FinetuneSettings asked, TrainingSpec spec, int window, String text) {
    TrainingSettings settings = new TrainingSettings();
    settings.put("data", text);
    asked.teacher().ifPresent(name -> settings.put("teacher", name));
    settings.put("train", joined(spec.kinds()));
    settings.put("window", window);
    settings.put("samples", asked.samples());
    settings.put("held-out", asked.heldOut());
    settings.put("epochs", asked.epochs());
    settings.put("batch", spec.batch());
    settings.put("micro-batch", spec.microBatch());
    if (spec.kinds().contains(TrainedKind.LORA)) {
      settings.lora(spec.lora());
    }
    settings.optimizer(spec);
    if (asked.teacher().isPresent()) {
      Distillation distillation = spec.distillation();
      settings.put("temperature", distillation.temperature());
      settings.put("mix", distillation.mix());
    }
    settings.put("eval-every", spec.evaluateEvery());
    settings.put("save-every", spec.saveEvery());
    settings.put("max-skips", spec.skips());
    settings.put("seed", spec.seed());
    return settings.values;
  }

  private void lora(LoraSpec lora) {
    put("lora-rank", lora.rank());
    put("lora-alpha", lora.alpha());
    put("lora-dropout", lora.dropout());
    put("lora-targets", joined(lora.targets()));
  }

  private void optimizer(TrainingSpec spec) {
    OptimizerSpec optimizer = spec.optimizer();
    for (TrainedKind kind : spec.kinds()) {
      if (kind != TrainedKind.BIAS) {
        put("lr-" + kind, optimizer.rates().getOrDefault(kind, 0.));
      }
    }
    if (spec.kinds().contains(TrainedKind.BIAS)) {
      put("balance-rate", spec.balance());
    }
    put("schedule", optimizer.schedule().kind());
    put("warm-up", optimizer.schedule().warmUp());
    put("clip", optimizer.clip());
    put("weight-decay", optimizer.decay());
  }

  private void put(String name, Object value) {
    // 32.0 is 32 and 1.0E-4 is 0.0001.
    values.put(
        name,
        value instanceof Double number
            ? BigDecimal.valueOf(number).stripTrailingZeros().toPlainString()
            : String.valueOf(value));
  }

  private static String joined(Collection<?> choices) {
    return choices.stream().map(Object::toString).collect(Collectors.joining(","));
  }
}
