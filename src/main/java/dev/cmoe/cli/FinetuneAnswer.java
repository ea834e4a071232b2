package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.finetune.LoadImbalance;
import dev.cmoe.finetune.TrainingHistory;
import dev.cmoe.job.FinetuneJob;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** What a fine-tuning did; the JSON is {@code cmoe.finetune/1}. */
record FinetuneAnswer(FinetuneJob.Result result) implements Answer {

  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%s (%s) fine-tuned into %s",
        result.plan().model(),
        result.plan().experts(),
        result.output());
    line(text, "  %-20s%s", "trained", FinetunePlanAnswer.kinds(result.plan()));
    List<TrainingHistory.Measure> measures = result.trained().history().measures();
    if (!measures.isEmpty()) {
      line(
          text,
          "  %-20s%.3f before, %.3f after, on held-out text",
          "perplexity",
          measures.get(0).perplexity(),
          measures.get(measures.size() - 1).perplexity());
    }
    OptionalDouble before = LoadImbalance.of(result.trained().loadBefore());
    OptionalDouble after = LoadImbalance.of(result.trained().loadAfter());
    if (before.isPresent() && after.isPresent()) {
      line(
          text,
          "  %-20s%.3f before, %.3f after (largest load by mean load)",
          "imbalance",
          before.getAsDouble(),
          after.getAsDouble());
    }
    line(
        text,
        "  %-20s%s, %,.0f tokens/s",
        "time",
        Quantity.seconds(result.cost().totalSeconds()),
        result.tokensPerSecond());
    return text.toString();
  }

  private static void line(StringBuilder text, String form, Object... values) {
    text.append(String.format(Locale.ROOT, form, values)).append(System.lineSeparator());
  }

  @Override
  public String json() {
    ObjectNode document = Documents.of("cmoe.finetune/1");
    FinetunePlanAnswer.put(document, result.plan());
    document.put("output", result.output());
    document.put("text", result.text());
    result.teacher().ifPresent(teacher -> document.put("teacher", teacher));
    TrainingHistory history = result.trained().history();
    List<TrainingHistory.Measure> measures = history.measures();
    if (!measures.isEmpty()) {
      ObjectNode perplexity = document.putObject("perplexity");
      perplexity.put("before", measures.get(0).perplexity());
      perplexity.put("after", measures.get(measures.size() - 1).perplexity());
    }
    ObjectNode imbalance = document.putObject("imbalance");
    LoadImbalance.of(result.trained().loadBefore())
        .ifPresent(value -> imbalance.put("before", value));
    LoadImbalance.of(result.trained().loadAfter())
        .ifPresent(value -> imbalance.put("after", value));
    ObjectNode load = document.putObject("expertLoad");
    load.set("before", Documents.tree(result.trained().loadBefore()));
    load.set("after", Documents.tree(result.trained().loadAfter()));
    document.set("curve", Documents.tree(history));
    document.put("tokensPerSecond", result.tokensPerSecond());
    document.set("warnings", Documents.tree(result.warnings()));
    document.put("seconds", result.cost().totalSeconds());
    document.put("peakRssBytes", result.cost().peakRssBytes());
    document.put("peakAnonymousBytes", result.cost().peakAnonymousBytes());
    return Documents.render(document);
  }
}
