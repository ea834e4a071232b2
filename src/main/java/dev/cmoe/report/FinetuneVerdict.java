package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** What a fine-tuning came to, in plain sentences. */
final class FinetuneVerdict {
  /** Perplexities within this relative difference are called equal. */
  private static final double EVEN = 0.001;

  private final FinetuneReport report;

  FinetuneVerdict(FinetuneReport report) {
    this.report = report;
  }

  /** The outcome, without a full stop. */
  String headline() {
    FinetunePerplexity figures = report.perplexity();
    if (figures == null || figures.before() == null) {
      return report.setup().model().name() + " fine-tuned, with no text held out to measure on";
    }
    if (figures.after() == null) {
      return "Fine-tuned from perplexity "
          + NumberText.perplexity(figures.before())
          + " to one too large to state";
    }
    return "Fine-tuned from perplexity "
        + NumberText.perplexity(figures.before())
        + " to "
        + NumberText.perplexity(figures.after())
        + (figures.dense() == null
            ? ""
            : ", against " + NumberText.perplexity(figures.dense()) + " dense");
  }

  /** What that means; may be empty. */
  String comparison() {
    List<String> sentences = new ArrayList<>();
    if (report.perplexity() != null && report.perplexity().after() != null) {
      sentences.add(change(report.perplexity()));
    }
    if (report.expertLoad() != null) {
      OptionalDouble before = report.expertLoad().imbalanceBefore();
      OptionalDouble after = report.expertLoad().imbalanceAfter();
      if (before.isPresent() && after.isPresent()) {
        sentences.add(
            "On average the busiest expert of a layer has "
                + NumberText.ratio(after.getAsDouble())
                + " the mean load, "
                + NumberText.ratio(before.getAsDouble())
                + " before.");
      }
    }
    return String.join(" ", sentences);
  }

  private static String change(FinetunePerplexity figures) {
    double change = figures.after() / figures.before() - 1;
    if (Math.abs(change) < EVEN) {
      return "Training changed as good as nothing.";
    }
    if (change > 0) {
      return "Training made the model worse on text that it was not trained on.";
    }
    Double closed = figures.closed();
    if (closed == null) {
      return "Measured on text that was not trained on.";
    }
    return closed >= 1
        ? "On text that was not trained on, all of the gap to the dense model is closed."
        : "On text that was not trained on, "
            + Math.round(closed * 100)
            + "\u202f% of the gap to the dense model in log-perplexity is closed.";
  }
}
