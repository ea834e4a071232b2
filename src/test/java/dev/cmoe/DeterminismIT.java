package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.report.CarveReport;
import dev.cmoe.report.RunReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Equal runs give equal bytes, and a saved plan gives the weights that it was saved with. */
class DeterminismIT {
  private static final List<String> WITH_TIMINGS =
      List.of("report.json", "report.html", "cmoe_manifest.json");

  @TempDir Path dir;

  /** Carves the bundled model into {@code parent/out}, so that the output has the same name. */
  private Path carve(String parent, String options) throws IOException {
    Path output = Files.createDirectory(dir.resolve(parent)).resolve("out");
    Run.ok(
        Run.words(
            "carve demo -q --samples 3 --threads 2 --set evaluation.maxWindows=4 " + options,
            output));
    return output;
  }

  @Test
  void equalRunsGiveEqualFiles() throws IOException {
    Path first = carve("a", "--experts S2A2E8");
    Path second = carve("b", "--experts S2A2E8");
    SortedMap<String, String> digests = Outputs.digests(first);
    SortedMap<String, String> again = Outputs.digests(second);
    assertThat(again.keySet()).isEqualTo(digests.keySet()).hasSizeGreaterThan(10);
    digests.keySet().removeAll(WITH_TIMINGS);
    again.keySet().removeAll(WITH_TIMINGS);
    assertThat(again).isEqualTo(digests);
    assertThat(manifest(second)).isEqualTo(manifest(first));
    assertThat(report(second)).isEqualTo(report(first));
    assertThat(html(second)).isEqualTo(html(first));
  }

  private static ObjectNode manifest(Path output) throws IOException {
    ObjectNode manifest =
        (ObjectNode) new ObjectMapper().readTree(output.resolve("cmoe_manifest.json").toFile());
    assertThat(manifest.remove("timings")).isNotEmpty();
    return manifest;
  }

  /** The report without time, memory and place. */
  private static CarveReport report(Path output) {
    CarveReport report = RunReport.read(output.resolve("report.json")).carving().orElseThrow();
    assertThat(report.output()).isEqualTo(output.toString());
    CarveReport same = report.withoutCost();
    return new CarveReport(
        "",
        same.format(),
        same.experts(),
        same.preset(),
        same.router(),
        same.model(),
        same.calibration(),
        same.seed(),
        same.computeDtype(),
        same.threads(),
        same.settings(),
        same.perplexity(),
        same.layers(),
        same.parameters(),
        same.warnings(),
        same.cost());
  }

  /** The page up to its cards of cost, without the tiles of time and memory. */
  private static String html(Path output) throws IOException {
    String page = Files.readString(output.resolve("report.html"));
    int cost = page.indexOf("<h2>Cost</h2>");
    assertThat(cost).isPositive();
    return page.substring(0, cost)
        .replaceAll("<div class=\"tile\"><div class=\"name\">(Time|Peak memory)</div>.*", "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fitted", "paper", "static-fitted", "static", "random"})
  void aSavedPlanGivesTheSameWeights(String preset) throws IOException {
    Path carved = carve("carved", "--no-eval --experts S3A2E7 --seed 11 --preset " + preset);
    Path applied = carve("applied", "--plan " + carved.resolve("plan/moe_plan.json"));
    for (String file :
        List.of(
            "model.safetensors",
            "config.json",
            "plan/moe_plan.json",
            "plan/moe_plan.safetensors")) {
      assertThat(applied.resolve(file)).as(file).hasSameBinaryContentAs(carved.resolve(file));
    }
    CarveReport report = RunReport.read(applied.resolve("report.json")).carving().orElseThrow();
    assertThat(report.preset()).isEqualTo(preset);
    assertThat(report.experts()).isEqualTo("S3A2E7");
    assertThat(report.seed()).isEqualTo(11);
    assertThat(report.calibration()).isNull();
    assertThat(report.perplexity().carved()).isGreaterThan(report.perplexity().dense());
  }

  @Test
  void anotherSeedGivesAnotherModel() throws IOException {
    Path first = carve("a", "--no-eval --preset random");
    Path second = carve("b", "--no-eval --preset random --seed 1");
    assertThat(Outputs.digests(second).get("model.safetensors"))
        .isNotEqualTo(Outputs.digests(first).get("model.safetensors"));
  }
}
