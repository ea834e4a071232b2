package dev.cmoe.report;

import java.util.List;

/** The part of a page that tells of a carve: figures, charts, settings. */
final class CarvePart {
  private final CarveReport report;

  CarvePart(CarveReport report) {
    this.report = report;
  }

  String render() {
    LayerCards layers = new LayerCards(report);
    RateCards rates = new RateCards(report);
    CostCards cost = new CostCards(report.cost(), report.layers(), "");
    return Page.warnings(report.warnings())
        + KeyFigures.render(report)
        + Page.section("Quality", new QualityCards(report).render())
        + Page.section("Routing", layers.routing())
        + Page.section("Experts and neurons", layers.experts() + rates.together() + rates.apart())
        + Page.section("Cost", cost.render())
        + Page.section("Run", settings());
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
}
