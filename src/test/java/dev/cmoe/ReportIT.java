package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several carves on one page. */
class ReportIT {
  @TempDir static Path runs;
  private static Path first;
  private static Path second;

  @TempDir Path dir;
  private Path page;

  @BeforeAll
  static void carve() {
    Path model = new TinyLlama().write(runs.resolve("llama"));
    first = carve(model, "first", "--experts S2A2E8");
    second = carve(model, "second", "--experts S3A3E8 --preset paper");
  }

  @BeforeEach
  void place() {
    page = dir.resolve("pages").resolve("compare.html");
  }

  private static Path carve(Path model, String name, String line) {
    Path output = runs.resolve(name);
    Run.ok(
        Run.words(
            "carve -q --samples 4 --set router.steps=20 --no-controls " + line,
            "--calibration",
            TinyTexts.calibration(runs),
            "--eval-text",
            TinyTexts.evaluation(runs),
            model,
            output));
    return output;
  }

  @Test
  void onePageOfSeveralRuns() throws IOException {
    Path bench =
        TinyTexts.write(
            dir.resolve("bench.json"),
            "{\"schema\":\"cmoe.bench/1\",\"model\":\"%s\",\"decode\":{\"dense\":10,\"moe\":14}}"
                .formatted(second));
    Run run =
        Run.ok(
            "report", first, second.resolve("report.json"), "-o", page, "--bench", bench, "--json");
    JsonNode answer = run.json();
    assertThat(answer.path("schema").asText()).isEqualTo("cmoe.report/1");
    assertThat(answer.path("warnings")).isEmpty();
    assertThat(answer.at("/runs/0/experts").asText()).isEqualTo("S2A2E8");
    assertThat(answer.at("/runs/1/decode/moe").asDouble()).isEqualTo(14);
    assertThat(answer.at("/runs/1/perplexity/carved").isNumber()).isTrue();
    assertThat(Files.readString(page))
        .contains("Quality against active parameters", "Decoding", "Reconstruction error");
    try (var files = Files.list(page.getParent())) {
      assertThat(files).containsExactly(page);
    }
  }

  @Test
  void replacesOnlyItsOwnPagesAndOnlyWhenTold() throws IOException {
    Object[] line = {"report", first, second, "-o", page};
    assertThat(Run.ok(line).out()).contains("A  S2A2E8", "B  S3A3E8", page + " written");
    Run.of(line).failed(3, page, "pass --overwrite");
    Run.ok(line, "--overwrite");
    Files.writeString(page, "<!DOCTYPE html><p>mine</p>");
    Map<String, String> before = Outputs.digests(dir);
    Run.of(line, "--overwrite").failed(3, page, "not a page of cmoe");
    Run.of("report", first, "-o", dir, "--overwrite").failed(3, dir, "is a directory");
    assertThat(Outputs.digests(dir)).isEqualTo(before);
  }

  @Test
  void warnsOfWhatCannotBeCompared() throws IOException {
    Path other = new TinyLlama().set("num_hidden_layers", "1").write(dir.resolve("small"));
    Path third = carve(other, "third", "--experts S2A2E8");
    Run run = Run.ok("report", first, third, "-o", page);
    assertThat(run.err()).contains("The dense models differ: A: llama", "B: small");
    assertThat(Files.readString(page)).contains("The dense models differ: A: llama");
  }

  @Test
  void badInputIsOneLine() throws IOException {
    Run.of("report", "-o", page).failed(2, "CARVED is missing");
    Run.of("report", first).failed(2, "-o FILE is missing");
    Run.of("report", first, second, first.resolve("report.json"), "-o", page)
        .failed(2, first.resolve("report.json"), "is the same run as " + first);
    Run.of("report", dir.resolve("none"), "-o", page).failed(3, "none", "no such directory");
    Run.of("report", runs.resolve("llama"), "-o", page).failed(3, "llama", "no report.json");
    Path broken = TinyTexts.write(dir.resolve("report.json"), "{\"schema\":\"cmoe.eval/1\"}");
    Run.of("report", broken, "-o", page)
        .failed(3, broken, "not a report of a carve or a fine-tuning");
    Run.of("report", first, "-o", page, "--bench", broken).failed(3, broken, "not a bench");
    assertThat(page.getParent()).doesNotExist();
  }
}
