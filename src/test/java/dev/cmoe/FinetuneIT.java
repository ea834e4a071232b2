package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsFile;
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

  /** The same in the format that carve writes by default. */
  private static Path carvedNative() {
    Path directory = shared.resolve("native");
    if (!Files.exists(directory)) {
      Run.ok("export", carved(), directory, "--format", "glm4_moe", "-q");
    }
    return directory;
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
        .contains("preset=fitted", "finetune.lora-rank=8", "finetune.teacher=demo")
        .contains("finetune.lr-lora=0.0000595", "finetune.lr-router=0.0001", "finetune.clip=0");
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
    assertThat(plan.path("trainingWindows").asInt()).isEqualTo(24);
    assertThat(plan.path("peakAnonymousBytes").asLong()).isGreaterThan(50 << 20);
    String odd = "finetune --samples 5 --window 64 --batch 2 --held-out 4 --dry-run";
    assertThat(Run.ok(Run.words(odd, carved())).out())
        .contains("2, over 4 windows of 64 tokens; 4 more held out");
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

  /** What carve writes by default goes in, and comes out in the same format. */
  @Test
  void recoversInANativeFormat() {
    Path output = dir.resolve("tuned");
    Path text = TinyTexts.write(dir.resolve("text"), TinyTexts.excerpt("heldout", 8000));
    String line = "finetune " + SHORT + " --teacher demo --lr-lora 1e-3 --json";
    Run run = Run.ok(Run.words(line, carvedNative(), output));
    JsonNode answer = run.json();
    JsonNode own = Run.ok(Run.words(line, carved(), dir.resolve("own"))).json();

    assertThat(answer.path("format").asText()).isEqualTo("glm4_moe");
    JsonNode perplexity = answer.path("perplexity");
    for (String when : List.of("before", "after")) {
      assertThat(perplexity.path(when).asDouble())
          .isCloseTo(own.path("perplexity").path(when).asDouble(), withinPercentage(0.1));
    }
    assertThat(Run.ok("verify", output, "--json").json().path("passed").asBoolean()).isTrue();
    assertThat(perplexity.path("after").asDouble())
        .isLessThan(perplexity.path("before").asDouble());
    assertThat(perplexity(output, text))
        .isCloseTo(perplexity(dir.resolve("own"), text), withinPercentage(0.5));
    assertThat(run.err()).contains("cmoe export " + carvedNative() + " BASE --format cmoe");
    assertThat(output.resolve("adapter").resolve("adapter_config.json"))
        .content()
        .contains("\"base_model_name_or_path\" : null");
  }

  private static double perplexity(Path model, Path text) {
    return Run.ok("eval", model, "--text", text, "--json", "-q")
        .json()
        .path("perplexity")
        .asDouble();
  }

  /** Widths of 7 and 21 neurons, so that the native formats fill up with zeros. */
  @ParameterizedTest
  @ValueSource(strings = {"auto", "cmoe", "granitemoeshared", "mixtral", "qwen2_moe"})
  void changesNoByteAtRatesOfZero(String format) throws IOException {
    Path text = TinyTexts.calibration(dir);
    Path model =
        new TinyLlama()
            .dtype(DType.BF16)
            .set("intermediate_size", "56")
            .set("tie_word_embeddings", "true")
            .write(dir.resolve("llama"));
    Path moe = dir.resolve("moe");
    Run.ok(
        Run.words(
            "carve --samples 8 --no-eval --no-controls --set router.steps=10 --format " + format,
            "--calibration",
            text,
            model,
            moe));
    Path output = dir.resolve("out");
    Run run =
        Run.ok(
            Run.words(
                "finetune --samples 4 --held-out 2 --lr-lora 0 --lr-router 0 --balance-rate 0",
                "--teacher",
                model,
                "--data",
                text,
                moe,
                output));

    try (Checkpoint before = Checkpoint.open(moe);
        Checkpoint after = Checkpoint.open(output)) {
      assertThat(after.names()).isEqualTo(before.names());
      for (String name : before.names()) {
        assertThat(after.tensor(name).spec()).isEqualTo(before.tensor(name).spec());
        assertThat(after.tensor(name).bytes()).as(name).isEqualTo(before.tensor(name).bytes());
      }
    }
    // The own format's tensors stand in another order than a carve writes them.
    if (!format.equals("cmoe")) {
      assertThat(output.resolve(TinyLlama.WEIGHTS))
          .hasSameBinaryContentAs(moe.resolve(TinyLlama.WEIGHTS));
    }
    assertThat(output.resolve("config.json")).hasSameBinaryContentAs(moe.resolve("config.json"));
    boolean holdsBiases = format.equals("auto") || format.equals("cmoe");
    assertThat(run.err().contains("holds no router biases")).isEqualTo(!holdsBiases);
    assertThat(run.out()).contains(holdsBiases ? "lora, router, bias" : "lora");
    if (!holdsBiases) {
      for (String kind : List.of("router", "lora,bias")) {
        Run.of("finetune", moe, dir.resolve("none"), "--train", kind, "--data", text)
            .failed(4, moe, format, "router biases that --train router and bias give");
      }
    }
  }

  @Test
  void refusesATeacherThatItWasNotCarvedFrom() throws IOException {
    Path text = TinyTexts.calibration(dir);
    Path moe = dir.resolve("moe");
    Run.ok(
        Run.words(
            "carve --samples 8 --preset random --no-eval --no-controls --calibration",
            text,
            new TinyLlama().write(dir.resolve("llama")),
            moe));
    Path output = dir.resolve("out");
    Path wider = new TinyLlama().set("intermediate_size", "96").write(dir.resolve("wider"));
    Run.of("finetune", moe, output, "--data", text, "--teacher", wider)
        .failed(3, wider, "96 neurons", "was carved from had", "64 neurons");
    Run.of("finetune", moe, output, "--data", text, "--teacher", "demo")
        .failed(3, "vocabularies differ", "--teacher");
    assertThat(output).doesNotExist();
  }

  @Test
  void refusesWhatNativeFormatsCannotHold() throws IOException {
    Path output = dir.resolve("out");
    Path moe = carvedNative();
    Run.of("finetune", moe, output, "--train", "lora,gates")
        .failed(
            4,
            moe,
            "format glm4_moe cannot hold this model: its gates are learned; possible: cmoe");
    Run.of("finetune", moe, output, "--format", "mixtral", "--train", "router")
        .failed(4, moe, "format mixtral cannot hold this model: its router has biases");
    Path gguf = Files.createDirectory(dir.resolve("gguf"));
    Files.createFile(gguf.resolve("model.gguf"));
    Run.of("finetune", gguf, output).failed(4, gguf, "GGUF", "carve with --format cmoe");
    assertThat(output).doesNotExist();
  }

  @Test
  void refusesANativeDirectoryThatWasChanged() throws IOException {
    Path output = dir.resolve("out");
    Path moe = dir.resolve("native");
    Run.ok("export", carved(), moe, "--format", "glm4_moe", "-q");
    Path file = moe.resolve("config.json");
    String config = Files.readString(file);
    Files.writeString(file, config.replace("cmoe_source", "other"));
    Run.of("finetune", moe, output).failed(4, file, "cmoe did not carve");
    Files.writeString(file, config.replace("\"n_group\" : 1", "\"n_group\" : 2"));
    Run.of("finetune", moe, output).failed(4, file, "'n_group' is 2", "the way back");
    Files.writeString(file, config);
    Path weights = moe.resolve(TinyLlama.WEIGHTS);
    poison(weights, "model.layers.0.self_attn.q_proj.bias");
    Run.of("finetune", moe, output, "-q")
        .failed(4, weights, "self_attn.q_proj.bias", "is not as cmoe wrote it");
    assertThat(output).doesNotExist();
  }

  /** Turns a bit of the first value. */
  private static void poison(Path file, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try (SafetensorsFile weights = SafetensorsFile.open(file)) {
      bytes[Math.toIntExact(weights.find(name).orElseThrow().offset())] ^= 1;
    }
    Files.write(file, bytes);
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

  /** PEFT refuses an adapter that has no additions. */
  @Test
  void writesNoAdapterWithoutAdditions() {
    Path output = dir.resolve("balanced");
    Run run =
        Run.ok(
            Run.words(
                "finetune --samples 2 --window 64 --held-out 0 --train router,bias",
                carved(),
                output));

    assertThat(output.resolve("model.safetensors")).exists();
    assertThat(output.resolve("adapter")).doesNotExist();
    assertThat(run.err()).contains("no adapter: PEFT loads none without additions");
    Run.ok("verify", output);
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
    Run.of("finetune", carved(), output, "--lora-rank", "0")
        .failed(2, "--lora-rank is 0; it must be above 0");
    Run.of("finetune", carved(), output, "--lr-lora", "NaN")
        .failed(2, "--lr-lora is NaN; it must be a finite number");
    Run.of("finetune", carved(), output, "--clip", "-1")
        .failed(2, "--clip is -1; it must not be below 0");
    Run.of("finetune", carved(), carved()).failed(3, "is the input model itself");
    assertThat(output).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void goesOnAfterBeingKilled(boolean inNativeFormat) throws Exception {
    Path model = inNativeFormat ? carvedNative() : carved();
    Path whole = dir.resolve("whole");
    Path killed = dir.resolve("killed");
    String options = "finetune " + SHORT + " --save-every 1 --lora-dropout 0.1 --clip 1";
    Run.ok(Run.words(options, model, whole));
    kill(options, model, killed);
    Path state = dir.resolve("killed.training");

    assertThat(state).exists();
    assertThat(killed).doesNotExist();
    Run.of(Run.words(options, model, killed)).failed(3, state, "pass --resume");
    Run.of(Run.words(options + " --dry-run", model, killed)).failed(3, state, "pass --resume");
    Run.of(Run.words(options + " --resume -q --seed 1", model, killed))
        .failed(3, state, "was saved by a run with another model", "delete it to begin anew");
    Run resumed = Run.ok(Run.words(options + " --resume", model, killed));

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
  private void kill(String options, Path model, Path output) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-cp", System.getProperty("java.class.path")));
    command.add("dev.cmoe.Main");
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of(model.toString(), output.toString()));
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
