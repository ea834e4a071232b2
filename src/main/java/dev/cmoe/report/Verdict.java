package dev.cmoe.report;

import java.util.Objects;
import java.util.stream.Stream;

/** What a carve came to, in two plain sentences. */
final class Verdict {
  /** Share of tokens that is as good as none. */
  private static final double RARE = 1e-3;

  /** Perplexities within this relative difference are called equal. */
  private static final double EVEN = 0.003;

  private final CarveReport report;
  private final Budget budget;

  Verdict(CarveReport report) {
    this.report = report;
    this.budget = Budget.of(report.experts());
  }

  /** The outcome, without a full stop. */
  String headline() {
    PerplexityFigures figures = report.perplexity();
    if (figures == null) {
      return report.model().name() + " carved" + at() + ", not evaluated";
    }
    if (figures.carved() == null) {
      return "Perplexity too large to state, against "
          + NumberText.perplexity(figures.dense())
          + " dense,"
          + at();
    }
    if (figures.dense() == null) {
      return "Perplexity " + NumberText.perplexity(figures.carved()) + at();
    }
    return "Perplexity "
        + NumberText.perplexity(figures.carved())
        + " against "
        + NumberText.perplexity(figures.dense())
        + " dense ("
        + NumberText.ratio(figures.carved() / figures.dense())
        + ")"
        + at();
  }

  /** How that compares with doing without a router; may be empty. */
  String comparison() {
    PerplexityFigures figures = report.perplexity();
    if (figures == null) {
      return "The run measured no text. What follows comes from calibration alone.";
    }
    if (!report.routes()) {
      return "This run routes nothing: the same neurons run for every token.";
    }
    Double without =
        Stream.of(figures.staticFitted(), figures.staticControl())
            .filter(Objects::nonNull)
            .min(Double::compare)
            .orElse(null);
    if (without == null || figures.carved() == null) {
      return "The run left the controls out, so what routing is worth here is not known.";
    }
    String same = "The same budget without routing gives " + NumberText.perplexity(without);
    double change = figures.carved() / without - 1;
    if (Math.abs(change) < EVEN) {
      return same + ": the router neither helps nor hurts.";
    }
    if (change > 0) {
      return same + ", which is better: at this budget the router does not pay for itself.";
    }
    double lost = figures.dense() == null ? 0 : without - figures.dense();
    if (lost <= 0) {
      return same + ".";
    }
    double share = (without - figures.carved()) / lost;
    return same
        + ": this run recovers "
        + (share > 1 ? "all" : Math.round(share * 100) + "\u202f%")
        + " of the loss"
        + still();
  }

  /** Where every token runs the same experts, the gain is not the router's. */
  private String still() {
    long still = report.layers().stream().filter(Verdict::isStill).count();
    return still == 0
        ? "."
        : ". In "
            + still
            + " of "
            + report.layers().size()
            + " layers all tokens run the same experts: what is gained there is the choice of"
            + " neurons, not the router's.";
  }

  private static boolean isStill(LayerFigures layer) {
    return !layer.expertLoad().isEmpty()
        && layer.expertLoad().stream().allMatch(load -> load < RARE || load > 1 - RARE);
  }

  private String at() {
    if (budget == null) {
      return " as " + report.experts();
    }
    return " at " + NumberText.shortPercent(budget.share()) + " of the FFN neurons per token";
  }
}
