package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.finetune.TrainedKind;
import dev.cmoe.job.FinetuneJob;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a fine-tuning would do; the JSON is {@code cmoe.finetune/1} with {@code dryRun}. */
record FinetunePlanAnswer(FinetuneJob.Plan plan) implements Answer {
  static String kinds(FinetuneJob.Plan plan) {
    return plan.kinds().stream()
        .sorted()
        .map(TrainedKind::toString)
        .collect(Collectors.joining(", "));
  }

  @Override
  public String text() {
    return String.format(
        Locale.ROOT,
        """
        would fine-tune %s (%s), written as %s
          %-20s%s, %s values
          %-20s%s, over %s windows of %s tokens; %s more held out
          %-20sabout %s, beside pages of mapped weight files
        nothing was written
        """,
        plan.model(),
        plan.experts(),
        plan.format(),
        "trains",
        kinds(plan),
        Quantity.count(plan.parameters()),
        "steps",
        Quantity.count(plan.steps()),
        Quantity.count(plan.trainingWindows()),
        Quantity.count(plan.window()),
        Quantity.count(plan.heldOutWindows()),
        "peak memory",
        Quantity.bytes(plan.peakBytes()));
  }

  @Override
  public String json() {
    ObjectNode document = Documents.of("cmoe.finetune/1");
    document.put("dryRun", true);
    document.put("input", plan.model());
    document.put("experts", plan.experts());
    document.put("format", plan.format());
    document.set(
        "trained",
        Documents.tree(plan.kinds().stream().sorted().map(TrainedKind::toString).toList()));
    document.put("parameters", plan.parameters());
    document.put("steps", plan.steps());
    document.put("tokens", plan.tokens());
    document.put("window", plan.window());
    document.put("trainingWindows", plan.trainingWindows());
    document.put("heldOutWindows", plan.heldOutWindows());
    document.put("peakAnonymousBytes", plan.peakBytes());
    return Documents.render(document);
  }
}
