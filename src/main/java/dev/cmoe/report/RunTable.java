package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The figures of several runs, one row a run. A figure that no run has gets no column. */
final class RunTable {
  private record Column(String heading, Function<ComparedRun, String> cell) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("Experts", run -> run.report().experts()),
          new Column("Preset", run -> run.report().method()),
          new Column("FFN", RunTable::share),
          new Column("Active", run -> NumberText.magnitude(run.report().parameters().active())),
          new Column("Total", run -> NumberText.magnitude(run.report().parameters().total())),
          new Column("Dense", run -> NumberText.perplexity(run.dense())),
          new Column("Before", run -> NumberText.perplexity(run.report().before())),
          new Column("Perplexity", run -> NumberText.perplexity(run.carved())),
          new Column("To dense", RunTable::ratio),
          new Column("KL", run -> perplexity(run, PerplexityFigures::klDivergence, false)),
          new Column("Top-1", run -> perplexity(run, PerplexityFigures::top1Agreement, true)),
          new Column("No routing", RunTable::withoutRouting),
          new Column("Error", run -> mean(run, LayerFigures::reconstructionError)),
          new Column("Mass", run -> mean(run, LayerFigures::massCaptured)),
          new Column("Chance", run -> mean(run, LayerFigures::chanceMass)),
          new Column("Prefill", run -> rate(run, BenchFigures::prefill)),
          new Column("Prefill ×", run -> speedUp(run, BenchFigures::prefill)),
          new Column("Decode", run -> rate(run, BenchFigures::decode)),
          new Column("Decode ×", run -> speedUp(run, BenchFigures::decode)),
          new Column("Time", RunTable::time));

  private RunTable() {}

  static String card(Comparison comparison) {
    List<ComparedRun> runs = comparison.runs();
    List<Column> shown =
        COLUMNS.stream()
            .filter(
                column ->
                    runs.stream()
                        .anyMatch(run -> !column.cell().apply(run).equals(NumberText.NONE)))
            .toList();
    List<String> headings = new ArrayList<>(List.of("Run"));
    shown.forEach(column -> headings.add(column.heading()));
    FigureTable table = new FigureTable("Runs", headings);
    for (ComparedRun run : runs) {
      table.row(
          run.letter() + " " + lastOf(run.name()),
          shown.stream().map(column -> column.cell().apply(run)).toList());
    }
    return Card.wide(
        "Figures",
        "FFN: share of the feed-forward neurons that run for a token. Before: perplexity before"
            + " fine-tuning, on the same text. KL: nats a token from the"
            + " dense model. No routing: the better of static-fitted and static at the same budget."
            + " Error: reconstruction error, Mass: share of the oracle’s mass captured, both as"
            + " means over layers. Prefill and decode: tokens a second, and over the dense model’s. Time: of"
            + " the carve, or of the fine-tuning.",
        table.table("figures"));
  }

  private static String lastOf(String name) {
    String trimmed = name.replaceAll("/(report\\.json)?$", "");
    return trimmed.substring(trimmed.lastIndexOf('/') + 1);
  }

  private static String share(ComparedRun run) {
    Budget budget = Budget.of(run.report().experts());
    return budget == null ? NumberText.NONE : NumberText.shortPercent(budget.share());
  }

  private static String ratio(ComparedRun run) {
    return run.dense() == null || run.carved() == null
        ? NumberText.NONE
        : NumberText.ratio(run.carved() / run.dense());
  }

  private static String perplexity(
      ComparedRun run, Function<PerplexityFigures, Double> figure, boolean percent) {
    PerplexityFigures figures = run.report().perplexity();
    Double value = figures == null ? null : figure.apply(figures);
    return percent ? NumberText.percent(value) : NumberText.significant(value);
  }

  private static String withoutRouting(ComparedRun run) {
    PerplexityFigures figures = run.report().perplexity();
    if (figures == null) {
      return NumberText.NONE;
    }
    Double fitted = figures.staticFitted();
    Double plain = figures.staticControl();
    return NumberText.perplexity(
        fitted == null ? plain : plain == null ? fitted : (Double) Math.min(fitted, plain));
  }

  private static String mean(ComparedRun run, Function<LayerFigures, Double> figure) {
    return NumberText.percent(KeyFigures.mean(run.report().layers(), figure));
  }

  private static String rate(ComparedRun run, Function<BenchFigures, BenchFigures.Rates> phase) {
    BenchFigures.Rates rates = run.bench() == null ? null : phase.apply(run.bench());
    return rates == null ? NumberText.NONE : NumberText.significant(rates.moe());
  }

  private static String speedUp(ComparedRun run, Function<BenchFigures, BenchFigures.Rates> phase) {
    BenchFigures.Rates rates = run.bench() == null ? null : phase.apply(run.bench());
    return rates == null || rates.ratio() == null
        ? NumberText.NONE
        : NumberText.ratio(rates.ratio());
  }

  private static String time(ComparedRun run) {
    RunCost cost = run.report().cost();
    return cost == null ? NumberText.NONE : NumberText.seconds(cost.totalSeconds());
  }
}
