package dev.cmoe.report;

import static dev.cmoe.report.Markup.element;
import static dev.cmoe.report.Markup.escape;

import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The report as one page that needs nothing else: no script, no font, no address. It is well-formed
 * XML as well as HTML, and equal reports give equal pages.
 */
public final class HtmlReport {
  private final CarveReport report;
  private final StringBuilder out = new StringBuilder();

  private HtmlReport(CarveReport report) {
    this.report = report;
  }

  /** The page. */
  public static String render(CarveReport report) {
    return new HtmlReport(report).page();
  }

  /** Writes the page to {@code file} as UTF-8. */
  public static void write(CarveReport report, Path file) {
    try {
      Files.writeString(file, render(report));
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private String page() {
    String name = report.model().name();
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    out.append("<meta name=\"color-scheme\" content=\"light dark\"/>\n");
    out.append(element("title", "", escape(name + " as " + report.experts() + " · cmoe")));
    out.append("\n<style>\n").append(styleSheet()).append("</style>\n</head>\n<body>\n<main>\n");
    header();
    warnings();
    out.append(KeyFigures.render(report));
    section("Quality", new QualityCards(report).render());
    LayerCards layers = new LayerCards(report);
    section("Routing", layers.routing());
    RateCards rates = new RateCards(report);
    section("Experts and neurons", layers.experts() + rates.together() + rates.apart());
    section("Cost", new CostCards(report).render());
    section("Run", settings());
    out.append("<footer>Written by cmoe. The same figures stand in report.json, schema ");
    out.append(CarveReport.SCHEMA).append(".</footer>\n</main>\n</body>\n</html>\n");
    return out.toString();
  }

  private void header() {
    Verdict verdict = new Verdict(report);
    String subject = report.model().name() + " · " + report.experts() + " · " + report.preset();
    out.append("<header>\n").append(element("p", "eyebrow", escape(subject))).append('\n');
    out.append(element("h1", "", escape(verdict.headline()))).append('\n');
    out.append(element("p", "verdict", escape(verdict.comparison()))).append("\n</header>\n");
  }

  private void warnings() {
    if (report.warnings().isEmpty()) {
      return;
    }
    StringBuilder items = new StringBuilder();
    for (String warning : report.warnings()) {
      items.append(element("li", "", escape(warning))).append('\n');
    }
    String title = report.warnings().size() == 1 ? "One warning" : "Warnings";
    String list = element("h2", "", title) + element("ul", "", items.toString());
    out.append(element("section", "warnings", list)).append('\n');
  }

  private void section(String title, String cards) {
    if (!cards.isEmpty()) {
      out.append(element("h2", "", escape(title))).append('\n');
      out.append(element("div", "cards", "\n" + cards)).append('\n');
    }
  }

  private String settings() {
    CarvedModel model = report.model();
    FigureTable shape = new FigureTable("Model", List.of("Property", "Value"));
    shape.row("name", List.of(model.name()));
    shape.row("family", List.of(String.valueOf(model.family())));
    shape.row("layers", List.of(NumberText.count(model.layers())));
    shape.row("hidden size", List.of(NumberText.count(model.hiddenSize())));
    shape.row("FFN neurons", List.of(NumberText.count(model.feedForwardSize())));
    String heads = model.heads() + ", " + model.keyValueHeads() + " for keys and values";
    shape.row("attention heads", List.of(heads));
    shape.row("vocabulary", List.of(NumberText.count(model.vocabularySize())));

    FigureTable run = new FigureTable("Run", List.of("Setting", "Value"));
    run.row("experts", List.of(report.experts()));
    run.row("preset", List.of(report.preset()));
    run.row("router", List.of(report.router() == null ? "none" : report.router()));
    CalibrationFigures text = report.calibration();
    if (text == null) {
      run.row("calibration", List.of("none"));
    } else {
      run.row("calibration", List.of(String.join(", ", text.files())));
      String windows = text.samples() + " windows of " + NumberText.count(text.window());
      run.row("calibration tokens", List.of(NumberText.count(text.tokens()) + ", " + windows));
    }
    run.row("seed", List.of(Long.toString(report.seed())));
    run.row("computed in", List.of(String.valueOf(report.computeDtype())));
    run.row("threads", List.of(Integer.toString(report.threads())));
    run.row("output", List.of(report.output()));
    run.row("format", List.of(report.format()));

    String cards = Card.of("Model", "", shape.table("settings"));
    cards += Card.of("Run", "", run.table("settings"));
    if (!report.settings().isEmpty()) {
      FigureTable all = new FigureTable("Settings", List.of("Setting", "Value", "Origin"));
      for (RunSetting setting : report.settings()) {
        String origin = setting.origin() == null ? "" : setting.origin();
        all.row(setting.name(), List.of(String.valueOf(setting.value()), origin));
      }
      cards += Card.of("Settings", "", all.table("settings"));
    }
    return cards;
  }

  private static String styleSheet() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
