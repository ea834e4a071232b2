package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bundled model, carved and fine-tuned by the command line. */
class FinetuneIT {
  private static final String SHORT =
      "--samples 24 --window 64 --batch 2 --held-out 4 --eval-every 4 --threads 1";

  @TempDir static Path shared;
  @TempDir Path dir;

  @BeforeAll
  static void carve() {
    Run.ok(
        Run.words(
            "carve demo --experts S2A2E8 --format cmoe --no-controls --set evaluation.maxWindows=4",
            carved()));
  }

  private static Path carved() {
    return shared.resolve("carved");
  }

  @Test
  void recoversWhatCarvingLost() {
    Path output = dir.resolve("tuned");
    JsonNode answer =
        Run.ok(
                Run.words(
                    "finetune " + SHORT + " --teacher demo --lr-lora 1e-3 --json",
                    carved(),
                    output))
            .json();

    assertThat(answer.path("schema").asText()).isEqualTo("cmoe.finetune/1");
    assertThat(answer.path("steps").asInt()).isEqualTo(12);
    assertThat(answer.path("curve").path("steps")).hasSize(12);
    assertThat(answer.path("curve").path("measures")).hasSize(4);
    assertThat(answer.path("perplexity").path("after").asDouble())
        .isLessThan(answer.path("perplexity").path("before").asDouble());
    assertThat(answer.path("perplexity").path("dense").asDouble())
        .isLessThan(answer.path("perplexity").path("after").asDouble());
    assertThat(answer.path("tokens").asInt()).isEqualTo(12 * 2 * 64);
    assertThat(Run.ok("verify", output, "--json").json().path("passed").asBoolean()).isTrue();
    assertThat(output.resolve("adapter").resolve("adapter_config.json")).exists();
    assertThat(dir.resolve("tuned.training")).doesNotExist();
  }

  @Test
  void reportsTheTrainingAndTheCarve() throws IOException {
    Path output = dir.resolve("tuned");
    JsonNode answer =
        Run.ok(Run.words("finetune " + SHORT + " --teacher demo --json", carved(), output)).json();
    JsonNode report = json(output.resolve("report.json"));

    assertThat(report).isEqualTo(answer);
    assertThat(report.path("carve")).isEqualTo(json(carved().resolve("report.json")));
    assertThat(report.at("/trainedParameters/bias").asInt()).isEqualTo(6 * 6);
    assertThat(
            report.at("/trainedParameters/lora").asLong()
                + report.at("/trainedParameters/router").asLong())
        .isEqualTo(report.path("parameters").asLong());
    for (String when : List.of("before", "after")) {
      JsonNode loads = report.path("expertLoad").path(when);
      assertThat(loads).hasSize(6);
      for (JsonNode layer : loads) {
        long sum = 0;
        for (JsonNode tokens : layer) {
          sum += tokens.asLong();
        }
        assertThat(sum).isEqualTo(2 * report.at("/expertLoad/tokens").asLong());
      }
    }
    assertThat(report.at("/imbalance/layers")).hasSize(6);
    assertThat(report.at("/settings").findValuesAsText("name")).contains("lora-rank", "mix");
    assertThat(Files.readString(output.resolve("report.html")))
        .contains(
            "Fine-tuned from perplexity",
            "Divergence from the teacher",
            "Tokens of each expert, before",
            ">Carving<",
            "Reconstruction error",
            "How often neurons matter");
    assertThat(Files.readString(output.resolve("README.md")))
        .contains("## Fine-tuning", "| Teacher | demo |", "base_model: demo", "as carved");
    JsonNode manifest = json(output.resolve("cmoe_manifest.json"));
    assertThat(manifest.path("settings").toString())
        .contains("preset=fitted", "finetune.lora-rank=8", "finetune.teacher=demo");
    assertThat(manifest.at("/timings/fine-tuning").asDouble()).isPositive();
    assertThat(manifest.at("/files/README.md").isMissingNode()).isFalse();
    assertThat(manifest.path("files").has("report.json")).isFalse();

    onePageWithTheCarve(output);
    exportKeepsTheReport(output);
    again(output);
  }

  private void onePageWithTheCarve(Path tuned) throws IOException {
    Path page = dir.resolve("compare.html");
    JsonNode answer = Run.ok("report", carved(), tuned, "-o", page, "--json").json();
    JsonNode report = json(tuned.resolve("report.json"));

    assertThat(answer.path("sameModel").asBoolean()).isTrue();
    assertThat(answer.at("/runs/0/fineTuned").asBoolean()).isFalse();
    assertThat(answer.at("/runs/1/fineTuned").asBoolean()).isTrue();
    assertThat(answer.at("/runs/1/perplexity/carved")).isEqualTo(report.at("/perplexity/after"));
    assertThat(answer.at("/runs/1/perplexity/before")).isEqualTo(report.at("/perplexity/before"));
    assertThat(Files.readString(page)).contains("fitted, fine-tuned", "finetune.lora-rank");
  }

  private void exportKeepsTheReport(Path tuned) throws IOException {
    Path exported = dir.resolve("exported");
    Run.ok("export", tuned, exported, "--format", "glm4_moe");
    JsonNode report = json(exported.resolve("report.json"));

    assertThat(report.path("format").asText()).isEqualTo("glm4_moe");
    assertThat(report.path("curve")).isEqualTo(json(tuned.resolve("report.json")).path("curve"));
    assertThat(report.path("carve").path("preset").asText()).isEqualTo("fitted");
    assertThat(json(exported.resolve("cmoe_manifest.json")).path("settings").toString())
        .contains("finetune.lora-rank=8", "output.format=glm4_moe")
        .doesNotContain("output.format=cmoe");
  }

  /** A fine-tuned model fine-tuned once more tells of both, and where nothing is held out. */
  private void again(Path tuned) throws IOException {
    Path output = dir.resolve("again");
    Run.ok(Run.words("finetune --samples 4 --window 64 --held-out 0", tuned, output));
    JsonNode report = json(output.resolve("report.json"));

    assertThat(report.has("perplexity") || report.has("expertLoad")).isFalse();
    assertThat(report.path("curve").path("steps")).hasSize(2);
    assertThat(report.path("earlier")).hasSize(1);
    assertThat(report.at("/earlier/0/curve"))
        .isEqualTo(json(tuned.resolve("report.json")).path("curve"));
    assertThat(report.at("/earlier/0").has("carve")).isFalse();
    assertThat(report.path("carve")).isEqualTo(json(carved().resolve("report.json")));
    assertThat(Files.readString(output.resolve("report.html"))).contains(">Fine-tuned before<");
  }

  @Test
  void aModelWithoutAReportGetsOneOfItsOwn() throws IOException {
    Path bare = dir.resolve("bare");
    Files.createDirectory(bare);
    for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(carved().resolve(file), bare.resolve(file));
    }
    Path output = dir.resolve("tuned");
    Object[] words = Run.words("finetune --samples 2 --window 64 --held-out 1", bare, output);
    Run.ok(words);
    JsonNode report = json(output.resolve("report.json"));

    assertThat(report.has("carve") || report.has("preset")).isFalse();
    assertThat(report.path("experts").asText()).isEqualTo("S2A2E8");
    assertThat(report.at("/model/name").asText()).isEqualTo("bare");
    assertThat(Files.readString(output.resolve("report.html"))).doesNotContain(">Carving<");
    assertThat(Files.readString(output.resolve("README.md"))).doesNotContain("| Preset");
    Run.ok("report", output, "-o", dir.resolve("page.html"));

    Files.writeString(bare.resolve("report.json"), "{\"schema\":\"another\"}");
    Run run = Run.ok(words, "--overwrite");
    assertThat(run.err()).contains("not a report of a carve or a fine-tuning");
    assertThat(json(output.resolve("report.json")).path("warnings").toString())
        .contains("says nothing of the carve");
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void saysWhatItWouldTake() {
    JsonNode plan = Run.ok(Run.words("finetune " + SHORT + " --dry-run --json", carved())).json();

    assertThat(plan.path("dryRun").asBoolean()).isTrue();
    assertThat(plan.path("steps").asInt()).isEqualTo(12);
    assertThat(plan.path("peakAnonymousBytes").asLong()).isGreaterThan(50 << 20);
    assertThat(dir).isEmptyDirectory();
  }

  /**
   * By the launcher, whose settings of the allocator belong to it: without them memory is wasted.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--window 256 --batch 2",
        "--window 512 --batch 8 --micro-batch 8",
        "--window 512 --batch 2 --teacher demo"
      })
  @EnabledOnOs(OS.LINUX)
  void takesTheMemoryThatItStates(String size) throws Exception {
    String line = "finetune " + size + " --samples 16 --held-out 2 --threads 1 --json -q";
    JsonNode stated = launched(Run.words(line + " --dry-run", carved()));
    JsonNode taken = launched(Run.words(line, carved(), dir.resolve("tuned")));

    double peak = taken.path("peakAnonymousBytes").asDouble();
    assertThat(stated.path("peakAnonymousBytes").asDouble())
        .isCloseTo(peak, withinPercentage(20.0));
  }

  private JsonNode launched(Object... words) throws Exception {
    List<String> command = new ArrayList<>(List.of(Path.of("scripts", "cmoe").toString()));
    Stream.of(words).map(Object::toString).forEach(command::add);
    Path out = dir.resolve("answer");
    Process process =
        new ProcessBuilder(command)
            .redirectError(dir.resolve("stderr").toFile())
            .redirectOutput(out.toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(dir.resolve("stderr"))).isZero();
    return new ObjectMapper().readTree(out.toFile());
  }

  @Test
  void writesANativeFormat() {
    Path output = dir.resolve("native");
    Run.ok(
        Run.words(
            "finetune --samples 2 --window 64 --held-out 0 --format glm4_moe", carved(), output));

    assertThat(Run.ok("inspect", output, "--json").json().path("moe").path("format").asText())
        .isEqualTo("glm4_moe");
  }

  @Test
  void refusesBeforeItTrains() throws IOException {
    Path output = dir.resolve("out");
    Path few = Files.writeString(dir.resolve("few.txt"), "Too little text.");

    Run.of("finetune", carved(), output, "--data", few).failed(3, few, "one window needs 512");
    Run.of("finetune", carved(), output, "--train", "lora,gates", "--format", "glm4_moe")
        .failed(4, "glm4_moe cannot hold this model", "possible: cmoe");
    Run.of("finetune", "demo", output).failed(4, "is dense; carve it first");
    Run.of("finetune", carved(), output, "--teacher", carved()).failed(2, "is carved");
    Run.of("finetune", carved(), output, "--train", "everything").failed(2, "known: lora, gates");
    Run.of("finetune", carved(), output, "--lora-targets", "up").failed(2, "[gate, up]");
    Run.of("finetune", carved(), carved()).failed(3, "is the input model itself");
    assertThat(output).doesNotExist();
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void goesOnAfterBeingKilled() throws Exception {
    Path whole = dir.resolve("whole");
    Path killed = dir.resolve("killed");
    String options = "finetune " + SHORT + " --save-every 1 --lora-dropout 0.1 --clip 1";
    Run.ok(Run.words(options, carved(), whole));
    kill(options, killed);
    Path state = dir.resolve("killed.training");

    assertThat(state).exists();
    assertThat(killed).doesNotExist();
    Run.of(Run.words(options, carved(), killed)).failed(3, state, "pass --resume");
    Run.of(Run.words(options + " --resume --seed 1", carved(), killed))
        .failed(3, state, "was saved by a run with another model");
    Run resumed = Run.ok(Run.words(options + " --resume", carved(), killed));

    assertThat(resumed.err()).contains("resumed after step");
    assertThat(state).doesNotExist();
    JsonNode report = json(killed.resolve("report.json"));
    assertThat(report.path("resumedAfter").asInt()).isBetween(1, 12);
    for (String figure : List.of("curve", "expertLoad", "imbalance", "perplexity", "tokens")) {
      assertThat(report.path(figure))
          .as(figure)
          .isEqualTo(json(whole.resolve("report.json")).path(figure));
    }
    for (String file :
        List.of("model.safetensors", "config.json", "adapter/adapter_model.safetensors")) {
      assertThat(Files.mismatch(whole.resolve(file), killed.resolve(file))).as(file).isEqualTo(-1);
    }
  }

  /** Kills a run in a process of its own once it has saved a state, and not by asking. */
  private void kill(String options, Path output) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    command.add("dev.cmoe.Main");
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of(carved().toString(), output.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectError(dir.resolve("stderr").toFile())
            .redirectOutput(dir.resolve("stdout").toFile())
            .start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.exists(dir.resolve("killed.training"))) {
      assertThat(process.isAlive()).as(Files.readString(dir.resolve("stderr"))).isTrue();
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
    process.destroyForcibly().waitFor();
  }
}
