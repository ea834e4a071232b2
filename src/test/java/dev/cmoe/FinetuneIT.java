package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
        Run.words("carve demo", carved(), "--experts", "S2A2E8", "--format", "cmoe", "--no-eval"));
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
    assertThat(answer.path("tokens").asInt()).isEqualTo(12 * 2 * 64);
    assertThat(Run.ok("verify", output, "--json").json().path("passed").asBoolean()).isTrue();
    assertThat(output.resolve("adapter").resolve("adapter_config.json")).exists();
    assertThat(dir.resolve("tuned.training")).doesNotExist();
  }

  @Test
  void saysWhatItWouldTake() {
    JsonNode plan = Run.ok(Run.words("finetune " + SHORT + " --dry-run --json", carved())).json();

    assertThat(plan.path("dryRun").asBoolean()).isTrue();
    assertThat(plan.path("steps").asInt()).isEqualTo(12);
    assertThat(plan.path("peakAnonymousBytes").asLong()).isGreaterThan(50 << 20);
    assertThat(dir).isEmptyDirectory();
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
    assertThat(perplexity(output, text)).isLessThan(perplexity(carvedNative(), text));
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
    Run.of(Run.words(options + " --resume -q --seed 1", model, killed))
        .failed(3, state, "was saved by a run with another model");
    Run resumed = Run.ok(Run.words(options + " --resume", model, killed));

    assertThat(resumed.err()).contains("resumed after step");
    assertThat(state).doesNotExist();
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
