package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonReportTest {
  @TempDir Path dir;

  private static JsonNode json(CarveReport report) throws Exception {
    return new ObjectMapper().readTree(JsonReport.render(report));
  }

  private static List<String> names(JsonNode node) {
    return node.properties().stream().map(entry -> entry.getKey()).toList();
  }

  @Test
  void keepsTheNamesOfTheContract() throws Exception {
    JsonNode root = json(SampleReports.demo());

    assertThat(root.get("schema").asText()).isEqualTo("cmoe.carve/1");
    assertThat(names(root))
        .contains("output", "format", "experts", "preset", "perplexity", "layers", "parameters")
        .endsWith("seconds", "peakRssBytes", "peakAnonymousBytes", "stages");
    assertThat(names(root.get("perplexity")))
        .startsWith("dense", "carved", "static", "staticFitted", "random", "tokens", "text");
    assertThat(names(root.get("layers").get(0)))
        .contains("massCaptured", "oracleOverlap", "reconstructionError");
    assertThat(names(root.get("parameters"))).contains("total", "active", "dense", "stored");
    assertThat(names(root.get("seconds"))).startsWith("total").contains("carving", "evaluation");
    assertThat(root.get("peakRssBytes").isIntegralNumber()).isTrue();
  }

  @Test
  void readsBackWhatItWrote() {
    for (CarveReport report :
        List.of(SampleReports.demo(), SampleReports.large(), SampleReports.bare())) {
      Path file = dir.resolve("report.json");
      JsonReport.write(report, file);
      assertThat(RunReport.read(file)).isEqualTo(report);
    }
  }

  @Test
  void keepsTheNamesOfAFineTuning() throws Exception {
    JsonNode root = new ObjectMapper().readTree(JsonReport.render(TunedReports.taught()));

    assertThat(root.get("schema").asText()).isEqualTo("cmoe.finetune/1");
    assertThat(names(root))
        .contains(
            "input",
            "output",
            "experts",
            "format",
            "trained",
            "parameters",
            "steps",
            "tokens",
            "window",
            "trainingWindows",
            "heldOutWindows",
            "text",
            "teacher",
            "tokensPerSecond",
            "trainedParameters",
            "learningRates",
            "modelParameters",
            "settings",
            "stages")
        .endsWith("carve");
    assertThat(root.get("parameters").isIntegralNumber()).isTrue();
    assertThat(root.get("seconds").isNumber()).isTrue();
    assertThat(names(root.get("perplexity"))).startsWith("before", "after", "dense");
    assertThat(root.at("/expertLoad/before/5")).hasSize(6);
    assertThat(root.at("/imbalance/layers")).hasSize(6);
    assertThat(root.at("/imbalance/layers/5/after").asDouble())
        .isEqualTo(TunedReports.taught().expertLoad().sharesAfter().get(5).imbalance());
    assertThat(root.at("/imbalance/after").asDouble())
        .isLessThan(root.at("/imbalance/before").asDouble());
    assertThat(root.at("/curve/steps")).hasSize(400);
    assertThat(names(root.at("/curve/steps/0")))
        .containsExactly("step", "loss", "entropy", "divergence", "gradient", "rate", "skipped");
    assertThat(root.at("/curve/measures/1/imbalance").isNumber()).isTrue();
    assertThat(root.at("/carve/schema").asText()).isEqualTo("cmoe.carve/1");
    assertThat(root.get("carve"))
        .isEqualTo(new ObjectMapper().readTree(JsonReport.render(SampleReports.demo())));
  }

  @Test
  void readsBackFineTunings() throws Exception {
    for (FinetuneReport report :
        List.of(
            TunedReports.taught(),
            TunedReports.twice(),
            TunedReports.alone(),
            TunedReports.large())) {
      Path file = dir.resolve("report.json");
      JsonReport.write(report, file);
      assertThat(RunReport.read(file)).isEqualTo(report);
    }
    assertThat(TunedReports.twice().earlier()).hasSize(1);
    assertThat(TunedReports.twice().carve()).isEqualTo(SampleReports.demo());
  }

  @Test
  void anExportKeepsTheFineTuning() {
    FinetuneReport report = TunedReports.taught();
    FinetuneReport exported = report.exported("out/x", "glm4_moe", 77, List.of("costs"));

    assertThat(exported.output()).isEqualTo("out/x");
    assertThat(exported.figures().format()).isEqualTo("glm4_moe");
    assertThat(exported.modelParameters().stored()).isEqualTo(77);
    assertThat(exported.warnings()).contains("costs");
    assertThat(exported.curve()).isEqualTo(report.curve());
    assertThat(exported.carve()).isEqualTo(report.carve());
  }

  @Test
  void leavesOutWhatIsAbsent() throws Exception {
    PerplexityFigures noControls =
        new PerplexityFigures(
            50.6, 55.1, null, null, null, 37888, "eval.txt", 512, null, null, null);
    JsonNode root = json(SampleReports.withPerplexity(SampleReports.demo(), noControls));

    assertThat(names(root.get("perplexity")))
        .containsExactly("dense", "carved", "tokens", "text", "window");
    assertThat(names(json(SampleReports.bare())))
        .doesNotContain("perplexity", "calibration", "seconds", "router");
  }

  @Test
  void writesNoFigureThatIsNotFinite() {
    PerplexityFigures figures =
        new PerplexityFigures(
            Double.NaN,
            Double.POSITIVE_INFINITY,
            1.0,
            null,
            Double.NEGATIVE_INFINITY,
            1,
            "t",
            null,
            Double.NaN,
            null,
            null);

    assertThat(JsonReport.render(SampleReports.withPerplexity(SampleReports.demo(), figures)))
        .doesNotContain("NaN")
        .doesNotContain("Infinity")
        .doesNotContain("\"carved\"");
  }

  @Test
  void equalRunsDifferInCostAlone() {
    CarveReport report = SampleReports.demo();
    CarveReport again = slower(report);

    assertThat(JsonReport.render(again)).isNotEqualTo(JsonReport.render(report));
    assertThat(JsonReport.render(again.withoutCost()))
        .isEqualTo(JsonReport.render(report.withoutCost()))
        .doesNotContain("seconds")
        .doesNotContain("Bytes");
  }

  @Test
  void sumsAStageThatRanTwice() throws Exception {
    StageCost evaluation = new StageCost("evaluation", 1.5, null, null);
    RunCost cost = new RunCost(4, null, null, List.of(evaluation, evaluation));
    JsonNode root = json(costing(SampleReports.demo(), cost));

    assertThat(root.get("seconds").get("evaluation").asDouble()).isEqualTo(3);
    assertThat(root.has("peakRssBytes")).isFalse();
    assertThat(root.get("stages")).hasSize(2);
  }

  @Test
  void ignoresFieldsThatCameLater() throws Exception {
    Path file = dir.resolve("later.json");
    String text = JsonReport.render(SampleReports.demo());
    Files.writeString(file, text.replaceFirst("\\{", "{\"later\": [1],"));

    assertThat(RunReport.read(file)).isEqualTo(SampleReports.demo());
  }

  @Test
  void namesTheFileThatIsNoReport() throws Exception {
    for (String text :
        List.of(
            "[]",
            "{",
            "{}",
            "{\"schema\":\"cmoe.carve/1\"}",
            "{\"schema\":\"cmoe.finetune/1\"}",
            "null")) {
      Path file = Files.writeString(dir.resolve("wrong.json"), text);
      assertThatThrownBy(() -> RunReport.read(file))
          .as(text)
          .isInstanceOf(CmoeException.class)
          .hasMessageContaining("wrong.json: not a report of a carve or a fine-tuning")
          .hasMessageNotContaining("\n")
          .extracting(e -> ((CmoeException) e).kind())
          .isEqualTo(FailureKind.BAD_INPUT);
    }
    assertThatThrownBy(() -> RunReport.read(dir.resolve("absent.json")))
        .isInstanceOf(CmoeException.class)
        .hasMessageContaining("absent.json");
  }

  private static CarveReport slower(CarveReport report) {
    RunCost cost = report.cost();
    return costing(report, new RunCost(cost.totalSeconds() + 1, 1L, 1L, cost.stages()));
  }

  private static CarveReport costing(CarveReport report, RunCost cost) {
    return new CarveReport(
        report.output(),
        report.format(),
        report.experts(),
        report.preset(),
        report.router(),
        report.model(),
        report.calibration(),
        report.seed(),
        report.computeDtype(),
        report.threads(),
        report.settings(),
        report.perplexity(),
        report.layers(),
        report.parameters(),
        report.warnings(),
        cost);
  }
}
