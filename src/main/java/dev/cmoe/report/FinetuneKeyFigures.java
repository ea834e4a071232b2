package dev.cmoe.report;

import java.util.OptionalDouble;

/** The row of large figures of a fine-tuning. */
final class FinetuneKeyFigures {
  private final FinetuneReport report;
  private final Tiles tiles = new Tiles();

  private FinetuneKeyFigures(FinetuneReport report) {
    this.report = report;
  }

  static String render(FinetuneReport report) {
    FinetuneKeyFigures figures = new FinetuneKeyFigures(report);
    figures.perplexity();
    figures.load();
    figures.trained();
    figures.speed();
    return figures.tiles.render();
  }

  private void perplexity() {
    FinetunePerplexity figures = report.perplexity();
    if (figures == null || figures.before() == null) {
      return;
    }
    String note =
        (figures.after() == null
                ? ""
                : NumberText.ratio(figures.after() / figures.before()) + " of ")
            + NumberText.perplexity(figures.before())
            + " before";
    tiles.add("Perplexity", NumberText.perplexity(figures.after()), note);
    Double closed = figures.closed();
    if (closed != null) {
      String dense = "in log-perplexity, to dense " + NumberText.perplexity(figures.dense());
      tiles.add("Gap closed", Math.round(closed * 100) + "\u202f%", dense);
    }
  }

  private void load() {
    if (report.expertLoad() == null) {
      return;
    }
    OptionalDouble after = report.expertLoad().imbalanceAfter();
    OptionalDouble before = report.expertLoad().imbalanceBefore();
    if (after.isPresent() && before.isPresent()) {
      String note = "busiest expert to mean; " + NumberText.ratio(before.getAsDouble()) + " before";
      tiles.add("Load imbalance", NumberText.ratio(after.getAsDouble()), note);
    }
  }

  private void trained() {
    TrainingExtent extent = report.extent();
    String share =
        NumberText.percent((double) extent.parameters() / report.modelParameters().total());
    tiles.add(
        "Trained values", NumberText.magnitude(extent.parameters()), share + " of the model’s");
    String steps = NumberText.count(extent.steps()) + (extent.steps() == 1 ? " step" : " steps");
    tiles.add("Trained on", NumberText.magnitude(extent.tokens()), "tokens, in " + steps);
  }

  private void speed() {
    TrainingTime time = report.time();
    String note = "";
    if (time != null) {
      note = "of which steps " + NumberText.seconds(time.trainingSeconds());
      if (time.tokensPerSecond() != null) {
        note += ", " + NumberText.significant(time.tokensPerSecond()) + " tokens a second";
      }
    }
    tiles.cost(report.cost(), note);
  }
}
