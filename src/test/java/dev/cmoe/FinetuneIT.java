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
        Run.words("carve demo", carved(), "--experts", "S2A2E8", "--format", "cmoe", "--no-eval"));
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
