package dev.cmoe.report;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** The row of large figures under the verdict. */
final class KeyFigures {
  private final CarveReport report;
  private final Tiles tiles = new Tiles();

  private KeyFigures(CarveReport report) {
    this.report = report;
  }

  static String render(CarveReport report) {
    KeyFigures figures = new KeyFigures(report);
    figures.perplexity();
    figures.budget();
    figures.parameters();
    figures.router();
    figures.cost();
    return figures.tiles.render();
  }

  /** The mean of a figure over the layers that have it; null where none has. */
  static Double mean(List<LayerFigures> layers, Function<LayerFigures, Double> figure) {
    var mean = layers.stream().map(figure).filter(Objects::nonNull).mapToDouble(v -> v).average();
    return mean.isPresent() ? mean.getAsDouble() : null;
  }

  private void perplexity() {
    PerplexityFigures figures = report.perplexity();
    if (figures == null || figures.carved() == null) {
      return;
    }
    String note = figures.tokens() > 0 ? NumberText.count(figures.tokens()) + " tokens" : "";
    if (figures.dense() != null) {
      double ratio = figures.carved() / figures.dense();
      note = NumberText.ratio(ratio) + " of dense " + NumberText.perplexity(figures.dense());
    }
    tiles.add("Perplexity", NumberText.perplexity(figures.carved()), note);
  }

  private void budget() {
    Budget budget = Budget.of(report.experts());
    if (budget != null) {
      String routed = budget.active() + " of " + budget.routed() + " routed experts";
      String note = budget.shared() == 0 ? routed : budget.shared() + " shared, " + routed;
      if (!report.routes()) {
        note = "the same neurons each time";
      }
      tiles.add("FFN per token", NumberText.shortPercent(budget.share()), note);
    }
  }

  private void parameters() {
    ParameterCounts counts = report.parameters();
    String note = "of " + NumberText.magnitude(counts.total()) + " in total";
    tiles.add("Active parameters", NumberText.magnitude(counts.active()), note);
  }

  private void router() {
    Double captured = mean(report.layers(), LayerFigures::massCaptured);
    Double chance = mean(report.layers(), LayerFigures::chanceMass);
    if (captured != null) {
      String note = chance == null ? "" : "of the oracle’s; chance " + NumberText.percent(chance);
      tiles.add("Mass captured", NumberText.percent(captured), note);
    }
  }

  private void cost() {
    RunCost cost = report.cost();
    if (cost != null) {
      String longest =
          cost.stages().stream()
              .max(Comparator.comparingDouble(StageCost::seconds))
              .map(stage -> "of which " + stage.name() + " " + NumberText.seconds(stage.seconds()))
              .orElse("");
      tiles.cost(cost, longest);
    }
  }
}
