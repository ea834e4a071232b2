package dev.cmoe.cli;

import dev.cmoe.job.FinetuneJob;
import dev.cmoe.report.ExpertLoads;
import dev.cmoe.report.FinetunePerplexity;
import dev.cmoe.report.FinetuneReport;
import dev.cmoe.report.JsonReport;
import java.util.Locale;
import java.util.OptionalDouble;

/** What a fine-tuning did; the JSON is its report, {@code cmoe.finetune/1}. */
record FinetuneAnswer(FinetuneJob.Result result) implements Answer {

  @Override
  public String text() {
    FinetuneReport report = result.report();
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%s (%s) fine-tuned into %s",
        result.plan().model(),
        result.plan().experts(),
        report.output());
    line(text, "  %-20s%s", "trained", FinetunePlanAnswer.kinds(result.plan()));
    if (report.perplexity() != null) {
      perplexity(text, report.perplexity());
    }
    if (report.expertLoad() != null) {
      imbalance(text, report.expertLoad());
    }
    String speed =
        report.time().tokensPerSecond() == null
            ? ""
            : String.format(Locale.ROOT, ", %,.0f tokens/s", report.time().tokensPerSecond());
    line(text, "  %-20s%s%s", "time", Quantity.seconds(report.cost().totalSeconds()), speed);
    if (report.cost().peakAnonymousBytes() != null) {
      line(text, "  %-20s%s", "peak memory", Quantity.bytes(report.cost().peakAnonymousBytes()));
    }
    line(text, "  %-20s%s/report.html", "report", report.output());
    return text.toString();
  }

  private static void perplexity(StringBuilder text, FinetunePerplexity figures) {
    if (figures.before() == null || figures.after() == null) {
      line(text, "  %-20s%s", "perplexity", "too large to state");
      return;
    }
    line(
        text,
        "  %-20s%.3f before, %.3f after%s, on held-out text",
        "perplexity",
        figures.before(),
        figures.after(),
        figures.dense() == null ? "" : String.format(Locale.ROOT, ", %.3f dense", figures.dense()));
    if (figures.closed() != null) {
      line(
          text,
          "  %-20s%.0f %% of the gap to dense in log-perplexity",
          "closed",
          100 * figures.closed());
    }
  }

  private static void imbalance(StringBuilder text, ExpertLoads loads) {
    OptionalDouble before = loads.imbalanceBefore();
    OptionalDouble after = loads.imbalanceAfter();
    if (before.isPresent() && after.isPresent()) {
      line(
          text,
          "  %-20s%.3f before, %.3f after (largest load by mean load)",
          "imbalance",
          before.getAsDouble(),
          after.getAsDouble());
    }
  }

  private static void line(StringBuilder text, String form, Object... values) {
    text.append(String.format(Locale.ROOT, form, values)).append(System.lineSeparator());
  }

  @Override
  public String json() {
    return JsonReport.render(result.report());
  }
}
