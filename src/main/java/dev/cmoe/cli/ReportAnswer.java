package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.job.ReportJob;
import dev.cmoe.report.BenchFigures;
import dev.cmoe.report.ComparedRun;
import dev.cmoe.report.PerplexityFigures;
import dev.cmoe.report.RunFigures;
import java.util.Locale;

/** The runs of a page in few words; the JSON is {@code cmoe.report/1}. */
record ReportAnswer(ReportJob.Result result) implements Answer {
  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    for (ComparedRun run : result.comparison().runs()) {
      RunFigures report = run.report();
      PerplexityFigures figures = report.perplexity();
      text.append(
          String.format(
              Locale.ROOT,
              "%c  %-12s%-22s%8s active  %s  %s%n",
              run.letter(),
              report.experts(),
              report.method(),
              Quantity.count(report.parameters().active()),
              figures == null || figures.carved() == null
                  ? "not evaluated"
                  : String.format(Locale.ROOT, "perplexity %.3f", figures.carved())
                      + (figures.dense() == null
                          ? ""
                          : String.format(
                              Locale.ROOT, " (x%.3f)", figures.carved() / figures.dense())),
              run.name()));
    }
    text.append(result.output()).append(" written").append(System.lineSeparator());
    return text.toString();
  }

  @Override
  public String json() {
    ObjectNode document = Documents.of("cmoe.report/1").put("output", result.output().toString());
    document.put("sameModel", result.comparison().sameModel());
    document.put("sameText", result.comparison().sameText());
    document.set("warnings", Documents.tree(result.comparison().warnings()));
    ArrayNode runs = document.putArray("runs");
    result.comparison().runs().forEach(run -> run(runs.addObject(), run));
    return Documents.render(document);
  }

  private static void run(ObjectNode node, ComparedRun run) {
    RunFigures report = run.report();
    node.put("letter", String.valueOf(run.letter()));
    node.put("run", run.name());
    node.put("model", report.model().name());
    node.put("experts", report.experts());
    if (report.preset() != null) {
      node.put("preset", report.preset());
    }
    node.put("format", report.format());
    node.put("fineTuned", report.fineTuned());
    ObjectNode parameters = node.putObject("parameters");
    parameters.put("total", report.parameters().total());
    parameters.put("active", report.parameters().active());
    parameters.put("dense", report.parameters().dense());
    PerplexityFigures figures = report.perplexity();
    if (figures != null) {
      ObjectNode perplexity = node.putObject("perplexity");
      put(perplexity, "dense", figures.dense());
      put(perplexity, "carved", figures.carved());
      put(perplexity, "before", report.before());
      put(perplexity, "static", figures.staticControl());
      put(perplexity, "staticFitted", figures.staticFitted());
      put(perplexity, "random", figures.random());
      perplexity.put("tokens", figures.tokens());
      perplexity.put("text", figures.text());
    }
    if (run.bench() != null) {
      rates(node, "prefill", run.bench().prefill());
      rates(node, "decode", run.bench().decode());
    }
  }

  private static void rates(ObjectNode node, String name, BenchFigures.Rates rates) {
    if (rates != null) {
      ObjectNode phase = node.putObject(name);
      phase.put("moe", rates.moe());
      put(phase, "dense", rates.dense());
      put(phase, "ratio", rates.ratio());
      put(phase, "ceiling", rates.ceiling());
    }
  }

  private static void put(ObjectNode node, String name, Double value) {
    if (value != null) {
      node.put(name, value);
    }
  }
}
