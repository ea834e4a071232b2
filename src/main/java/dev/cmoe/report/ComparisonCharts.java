package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What several runs give for what they cost, and how they differ from layer to layer. */
final class ComparisonCharts {
  private static final double RADIUS = 5;
  private static final double SMALL = 3;

  private final Comparison comparison;
  private final List<ComparedRun> runs;

  /** Whether perplexities are shown over each run's own dense one. */
  private final boolean relative;

  ComparisonCharts(Comparison comparison) {
    this.comparison = comparison;
    this.runs = comparison.runs();
    this.relative = !comparison.sameModel() || !comparison.sameText();
  }

  String tradeOffs() {
    return budget()
        + bars()
        + speed("decode", "Decoding", BenchFigures::decode)
        + speed("prefill", "Prefill", BenchFigures::prefill);
  }

  String layers() {
    return lines(
            "error",
            "Reconstruction error",
            "Squared error of each FFN’s output over its squared norm.",
            LayerFigures::reconstructionError,
            null,
            0)
        + lines(
            "mass",
            "Share of the oracle’s mass captured",
            "Dashed: a choice at random.",
            LayerFigures::massCaptured,
            LayerFigures::chanceMass,
            1)
        + lines(
            "imbalance",
            "Load of the busiest expert over the mean load",
            "1 is balanced.",
            layer -> layer.expertLoad().isEmpty() ? null : layer.load().imbalance(),
            null,
            1);
  }

  private ScatterChart.Measure quality() {
    return new ScatterChart.Measure(
        relative ? "perplexity over dense" : "perplexity",
        relative ? NumberText::ratio : NumberText::significant);
  }

  /** A perplexity as the charts show it; null where it or what it is compared with is absent. */
  private Double shown(ComparedRun run, Double perplexity) {
    if (perplexity == null || run.dense() == null && relative) {
      return null;
    }
    return relative ? perplexity / run.dense() : perplexity;
  }

  private String budget() {
    ToDoubleFunction<ComparedRun> active =
        run -> {
          ParameterCounts counts = run.report().parameters();
          return comparison.sameModel()
              ? counts.active()
              : (double) counts.active() / Math.max(1, counts.dense());
        };
    ScatterChart.Measure across =
        comparison.sameModel()
            ? new ScatterChart.Measure("active parameters", NumberText::magnitude)
            : new ScatterChart.Measure("active share of the dense", NumberText::shortPercent);
    ScatterChart chart =
        new ScatterChart(
            "budget",
            "Quality against active parameters",
            "Points, one a run; lower and further left is better.",
            across,
            quality());
    FigureTable table =
        new FigureTable(
            "Quality against active parameters",
            List.of("Run", "Active", "Perplexity", "Static-fitted", "Static", "Random", "Dense"));
    Map<String, List<ScatterChart.Point>> byPreset = new TreeMap<>();
    List<List<ScatterChart.Point>> controls =
        List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (ComparedRun run : runs) {
      Double carved = shown(run, run.carved());
      if (carved == null) {
        continue;
      }
      double x = active.applyAsDouble(run);
      PerplexityFigures figures = run.report().perplexity();
      String hint = run.letter() + " " + run.name() + ": " + quality().text().of(carved);
      byPreset
          .computeIfAbsent(run.report().method(), method -> new ArrayList<>())
          .add(
              new ScatterChart.Point(
                  x, carved, String.valueOf(run.letter()), run.css(), RADIUS, hint));
      control(controls.get(0), run, x, "static-fitted", figures.staticFitted());
      control(controls.get(1), run, x, "static", figures.staticControl());
      control(controls.get(2), run, x, "random", figures.random());
      table.row(
          String.valueOf(run.letter()),
          List.of(
              NumberText.count(run.report().parameters().active()),
              NumberText.perplexity(run.carved()),
              NumberText.perplexity(figures.staticFitted()),
              NumberText.perplexity(figures.staticControl()),
              NumberText.perplexity(figures.random()),
              NumberText.perplexity(run.dense())));
    }
    if (byPreset.isEmpty()) {
      return "";
    }
    controls.stream()
        .filter(list -> !list.isEmpty())
        .forEach(c -> chart.line("chance stroke dashed", c));
    byPreset
        .values()
        .forEach(
            points -> {
              if (relative) {
                points.forEach(chart::add);
              } else {
                chart.line("joined", points);
              }
            });
    dense(chart);
    return Card.of(
        "Quality against active parameters",
        "Lower and further left is better. Coloured: the runs"
            + (relative ? "" : ", those of one preset joined")
            + ". Grey: static-fitted, static and random at the same budgets. The line across is the"
            + " dense model"
            + (relative ? ", each run’s own." : "."),
        chart.render() + table.folded());
  }

  private String bars() {
    BarChart chart =
        new BarChart("perplexities", "Perplexity of each run", "Bars, lower is better.")
            .logarithmicIfWide(quality().text());
    boolean any = false;
    for (ComparedRun run : runs) {
      Double carved = shown(run, run.carved());
      if (carved == null) {
        continue;
      }
      any = true;
      PerplexityFigures.StandardErrors errors = run.report().perplexity().standardErrors();
      Double error = errors == null ? null : shown(run, errors.carved());
      String label = run.letter() + "  " + run.report().experts() + ", " + run.report().method();
      String ratio =
          relative || run.dense() == null ? "" : NumberText.ratio(run.carved() / run.dense());
      String text = relative ? NumberText.ratio(carved) : NumberText.perplexity(carved);
      chart.add(new BarChart.Bar(label, run.css(), carved, text, ratio, error == null ? 0 : error));
    }
    if (!any) {
      return "";
    }
    runs.stream()
        .filter(run -> run.dense() != null)
        .findFirst()
        .ifPresent(run -> chart.reference(relative ? 1 : run.dense()));
    return Card.of(
        relative ? "Perplexity over dense" : "Perplexity",
        "Lower is better. The hairline is the dense model, whiskers are one standard error, which"
            + " runs on the same text mostly share.",
        chart.render());
  }

  private void control(
      List<ScatterChart.Point> into, ComparedRun run, double x, String name, Double perplexity) {
    Double shown = shown(run, perplexity);
    if (shown != null) {
      String hint = name + " beside " + run.letter() + ": " + quality().text().of(shown);
      boolean first = into.isEmpty();
      into.add(new ScatterChart.Point(x, shown, first ? name : "", "control", SMALL, hint));
    }
  }

  private void dense(ScatterChart chart) {
    runs.stream()
        .filter(run -> run.dense() != null)
        .findFirst()
        .ifPresent(run -> chart.level(relative ? 1 : run.dense(), "dense"));
  }

  private String speed(String id, String title, Function<BenchFigures, BenchFigures.Rates> phase) {
    ScatterChart chart =
        new ScatterChart(
            id,
            title + ": speed against quality",
            "Points, one a run; lower and further right is better.",
            new ScatterChart.Measure("tokens a second", NumberText::significant),
            quality());
    FigureTable table =
        new FigureTable(
            title, List.of("Run", "Tokens/s", "Dense", "To dense", "Ceiling", "Perplexity"));
    boolean any = false;
    for (ComparedRun run : runs) {
      BenchFigures.Rates rates = run.bench() == null ? null : phase.apply(run.bench());
      Double carved = shown(run, run.carved());
      if (rates == null || carved == null) {
        continue;
      }
      any = true;
      String hint =
          run.letter()
              + " "
              + run.name()
              + ": "
              + NumberText.significant(rates.moe())
              + " a second";
      chart.add(
          new ScatterChart.Point(
              rates.moe(), carved, String.valueOf(run.letter()), run.css(), RADIUS, hint));
      Double dense = shown(run, run.dense());
      if (rates.dense() != null && dense != null) {
        String beside =
            "dense beside " + run.letter() + ": " + NumberText.significant(rates.dense());
        chart.add(new ScatterChart.Point(rates.dense(), dense, "", "dense", SMALL, beside));
      }
      table.row(
          String.valueOf(run.letter()),
          List.of(
              NumberText.significant(rates.moe()),
              NumberText.significant(rates.dense()),
              rates.ratio() == null ? NumberText.NONE : NumberText.ratio(rates.ratio()),
              rates.ceiling() == null ? NumberText.NONE : NumberText.ratio(rates.ceiling()),
              NumberText.perplexity(run.carved())));
    }
    if (!any) {
      return "";
    }
    dense(chart);
    return Card.of(
        title + ": speed against quality",
        "Lower and further right is better. Dark: the dense model in the same benchmark.",
        chart.render() + table.folded());
  }

  private String lines(
      String id,
      String title,
      String lead,
      Function<LayerFigures, Double> figure,
      Function<LayerFigures, Double> chance,
      double cover) {
    List<ComparedRun> known =
        runs.stream()
            .filter(run -> KeyFigures.mean(run.report().layers(), figure) != null)
            .toList();
    if (known.isEmpty()) {
      return "";
    }
    int depth = known.stream().mapToInt(run -> run.report().layers().size()).max().orElse(0);
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      indices.add(i);
    }
    boolean shares = chance != null || cover == 0;
    LineChart chart =
        new LineChart(
            "layer-" + id,
            title + ", layer by layer",
            "One line a run.",
            indices,
            shares
                ? NumberText::shortPercent
                : (more, value) -> "×" + NumberText.significant(more, value));
    List<String> headings = new ArrayList<>(List.of("Layer"));
    for (ComparedRun run : known) {
      headings.add(String.valueOf(run.letter()));
      chart.add(
          new LineChart.Series(
              String.valueOf(run.letter()), run.css(), values(run, figure, depth), true));
      if (chance != null && KeyFigures.mean(run.report().layers(), chance) != null) {
        chart.add(new LineChart.Series("", run.css(), values(run, chance, depth), false));
      }
    }
    FigureTable table = new FigureTable(title, headings);
    for (int i = 0; i < depth; i++) {
      List<String> cells = new ArrayList<>();
      for (ComparedRun run : known) {
        Double value = values(run, figure, depth).get(i);
        cells.add(shares ? NumberText.percent(value) : NumberText.significant(value));
      }
      table.row(Integer.toString(i), cells);
    }
    return Card.of(title, lead, chart.cover(cover).render() + table.folded());
  }

  /** By layer; null where a run has no such layer or figure. */
  private static List<Double> values(
      ComparedRun run, Function<LayerFigures, Double> figure, int depth) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      List<LayerFigures> layers = run.report().layers();
      values.add(i < layers.size() ? figure.apply(layers.get(i)) : null);
    }
    return values;
  }
}
