package dev.cmoe.report;

import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Several runs side by side, and what keeps their figures from being comparable.
 *
 * @param sameModel whether all runs began with the same dense model, as far as their reports tell
 * @param sameText whether all were measured on the same text in the same windows
 * @param warnings what differs that should not, one line each
 */
public record Comparison(
    List<ComparedRun> runs, boolean sameModel, boolean sameText, List<String> warnings) {
  /** Runs that can be told apart by colour. */
  static final int COLOURS = 8;

  private static final int MOST = 26;

  /** Dense perplexities of one model on one text that differ by more were not computed alike. */
  private static final double EVEN = 0.003;

  public Comparison {
    runs = List.copyOf(runs);
    warnings = List.copyOf(warnings);
  }

  /**
   * A report and where it was found.
   *
   * @param place the directory, or the file where that was named
   */
  public record Source(Path place, RunReport report) {}

  /**
   * @throws CmoeException of kind USAGE for too many runs, BAD_INPUT for speeds that belong to none
   *     of them or to several
   */
  public static Comparison of(List<Source> sources, List<BenchFigures> benches) {
    if (sources.size() > MOST) {
      throw CmoeException.usage(
          sources.size() + " runs are too many for one page; at most " + MOST);
    }
    BenchFigures[] speeds = new BenchFigures[sources.size()];
    for (int i = 0; i < benches.size(); i++) {
      int run = runOf(benches, i, sources);
      if (speeds[run] != null) {
        throw CmoeException.badInput(
            benches.get(i).file(),
            "is of the same run as " + speeds[run].file() + "; give one of them");
      }
      speeds[run] = benches.get(i);
    }
    List<ComparedRun> runs = new ArrayList<>();
    for (int i = 0; i < speeds.length; i++) {
      RunFigures report = sources.get(i).report().figures();
      runs.add(
          new ComparedRun((char) ('A' + i), sources.get(i).place().toString(), report, speeds[i]));
    }
    return compared(runs);
  }

  private static Comparison compared(List<ComparedRun> runs) {
    List<String> warnings = new ArrayList<>();
    Map<String, String> models = groups(runs, run -> model(run.report()));
    Map<String, String> texts = groups(runs, run -> text(run.report()));
    boolean sameModel = models.size() <= 1;
    boolean sameText = texts.size() <= 1;
    if (!sameModel) {
      warnings.add("The dense models differ: " + listed(models));
    }
    if (!sameText) {
      warnings.add("The evaluations differ: " + listed(texts));
    }
    if (!sameModel || !sameText) {
      warnings.add(
          "Perplexities of different models or texts say nothing beside each other. The charts show"
              + " each over its own dense model; even these depend on model and text.");
    } else {
      double[] dense =
          runs.stream()
              .map(ComparedRun::dense)
              .filter(Objects::nonNull)
              .mapToDouble(value -> value)
              .sorted()
              .toArray();
      if (dense.length > 1 && dense[dense.length - 1] / dense[0] - 1 > EVEN) {
        Map<String, String> figures = groups(runs, run -> NumberText.perplexity(run.dense()));
        warnings.add(
            "The dense model's perplexity differs although its name and the text do not, so it was"
                + " another model or computed otherwise: "
                + listed(figures));
      }
    }
    return new Comparison(runs, sameModel, sameText, warnings);
  }

  /** Letters of the runs by what they have. */
  private static Map<String, String> groups(
      List<ComparedRun> runs, Function<ComparedRun, String> what) {
    return runs.stream()
        .collect(
            Collectors.groupingBy(
                what,
                LinkedHashMap::new,
                Collectors.mapping(run -> String.valueOf(run.letter()), Collectors.joining(", "))));
  }

  private static String listed(Map<String, String> groups) {
    return groups.entrySet().stream()
            .map(group -> group.getValue() + ": " + group.getKey())
            .collect(Collectors.joining("; "))
        + ".";
  }

  private static String model(RunFigures report) {
    CarvedModel model = report.model();
    return "%s (%s, %d layers of %d with %d neurons, %s parameters)"
        .formatted(
            model.name(),
            model.family(),
            model.layers(),
            model.hiddenSize(),
            model.feedForwardSize(),
            NumberText.magnitude(report.parameters().dense()));
  }

  private static String text(RunFigures report) {
    PerplexityFigures figures = report.perplexity();
    if (figures == null) {
      return "not evaluated";
    }
    return NumberText.count(figures.tokens())
        + " tokens of "
        + figures.text()
        + (figures.window() == null ? "" : " in windows of " + figures.window());
  }

  private static int runOf(List<BenchFigures> benches, int bench, List<Source> sources) {
    BenchFigures figures = benches.get(bench);
    if (figures.model() == null) {
      // In their order, where there are as many.
      if (benches.size() == sources.size()) {
        return bench;
      }
      throw CmoeException.badInput(
          figures.file(),
          "does not say of which model it is; give as many --bench as runs, in their order");
    }
    List<Function<Source, Boolean>> rules =
        List.of(
            source -> same(source.place(), figures.model()),
            source -> same(Path.of(source.report().output()), figures.model()),
            source -> last(source.place()).equals(last(Path.of(figures.model()))));
    for (Function<Source, Boolean> rule : rules) {
      List<Integer> found = new ArrayList<>();
      for (int i = 0; i < sources.size(); i++) {
        if (rule.apply(sources.get(i))) {
          found.add(i);
        }
      }
      if (found.size() == 1) {
        return found.get(0);
      }
      if (found.size() > 1) {
        throw CmoeException.badInput(
            figures.file(), "is of '" + figures.model() + "', and several of the runs are");
      }
    }
    throw CmoeException.badInput(
        figures.file(), "is of '" + figures.model() + "', which is none of the runs");
  }

  private static boolean same(Path place, String model) {
    return directory(place).equals(directory(Path.of(model)));
  }

  private static String last(Path path) {
    return String.valueOf(directory(path).getFileName());
  }

  /** The directory of a run, also where its report was named. */
  private static Path directory(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    return absolute.endsWith("report.json") ? absolute.getParent() : absolute;
  }
}
