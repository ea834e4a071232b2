package dev.cmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.eval.WorstTokens;
import dev.cmoe.gguf.GgufType;
import dev.cmoe.job.EvalQuestion;
import dev.cmoe.recipe.ByteSize;
import dev.cmoe.recipe.CarveRecipe;
import dev.cmoe.recipe.ComputeDtype;
import dev.cmoe.recipe.DeviceSpec;
import dev.cmoe.recipe.ExpertSpec;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.recipe.OutputSpec;
import dev.cmoe.recipe.Preset;
import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CliTest {
  private final CapturedConsole console = new CapturedConsole();
  private FakeWorkshop workshop = FakeWorkshop.answering();

  private int run(String line) {
    return new Cli(workshop, console.console())
        .run(line.isEmpty() ? new String[0] : line.split(" "));
  }

  @Test
  void carveWithNothingSaidUsesTheDefaults() {
    assertThat(run("carve demo out")).isZero();
    CarveRequest request = (CarveRequest) workshop.request;
    assertThat(request.model()).isEqualTo("demo");
    assertThat(request.output()).contains(Path.of("out"));
    assertThat(request.plan()).isEmpty();
    assertThat(request.dryRun()).isFalse();
    assertThat(request.overwrite()).isFalse();
    assertThat(request.recipe().recipe()).isEqualTo(RecipeLayers.standard(Preset.FITTED));
  }

  @Test
  void aPlanArrives() {
    assertThat(run("carve m o --plan p.json --calibration a.txt --window 64")).isZero();
    assertThat(((CarveRequest) workshop.request).plan()).contains(Path.of("p.json"));
  }

  @Test
  void everyFlagOfCarveArrives() {
    assertThat(
            run(
                "carve --calibration a.txt m o --experts s2a1e4 --preset paper --samples 3 --window 64"
                    + " --k-act 7 --seed 9 --calibration b.jsonl --eval-text c.txt --set"
                    + " grouping.iterations=5 --set router.steps=0 --dry-run"
                    + " --overwrite --format glm4_moe --shard-size 1GiB --no-controls --no-eval"
                    + " --compute-dtype"
                    + " float32 --threads 2 --device gpu:1 --json"))
        .isZero();
    CarveRequest request = (CarveRequest) workshop.request;
    CarveRecipe recipe = request.recipe().recipe();
    assertThat(request.model()).isEqualTo("m");
    assertThat(request.output()).contains(Path.of("o"));
    assertThat(request.plan()).isEmpty();
    assertThat(request.dryRun()).isTrue();
    assertThat(request.overwrite()).isTrue();
    assertThat(recipe.experts()).isEqualTo(new ExpertSpec(2, 1, 4));
    assertThat(recipe.preset()).isEqualTo(Preset.PAPER);
    assertThat(recipe.calibration().files()).containsExactly(Path.of("a.txt"), Path.of("b.jsonl"));
    assertThat(recipe.calibration().samples()).hasValue(3);
    assertThat(recipe.calibration().window()).hasValue(64);
    assertThat(recipe.profile().kAct()).isEqualTo(7);
    assertThat(recipe.seed()).isEqualTo(9);
    assertThat(recipe.evaluation().files()).containsExactly(Path.of("c.txt"));
    assertThat(recipe.evaluation().controls()).isFalse();
    assertThat(recipe.evaluation().enabled()).isFalse();
    assertThat(recipe.grouping().iterations()).isEqualTo(5);
    assertThat(recipe.router().steps()).isZero();
    assertThat(recipe.output().shardSize().bytes()).isEqualTo(1L << 30);
    assertThat(recipe.output().format()).isEqualTo(OutputFormat.GLM4_MOE);
    assertThat(recipe.runtime().computeDtype()).isEqualTo(ComputeDtype.FLOAT32);
    assertThat(recipe.runtime().threads()).hasValue(2);
    assertThat(recipe.runtime().device()).isEqualTo(new DeviceSpec.Gpu(1));
    assertThat(console.out()).isEqualTo("{\"schema\":\"test/1\"}" + System.lineSeparator());
  }

  @Test
  void theOtherCommandsArrive() {
    assertThat(run("eval m --against d --text a --text b --window 16 --max-windows 2")).isZero();
    EvalRequest eval = (EvalRequest) workshop.request;
    assertThat(eval.question().against()).contains("d");
    assertThat(eval.question().text()).containsExactly(Path.of("a"), Path.of("b"));
    assertThat(eval.question().window()).hasValue(16);
    assertThat(eval.question().maxWindows()).hasValue(2);

    assertThat(
            run(
                "eval m --against d --worst 5 --worst-by kl --controls --calibration c --tasks t"
                    + " --tasks u --per-item --json"))
        .isZero();
    assertThat(workshop.request)
        .isEqualTo(
            new EvalRequest(
                "m",
                new EvalQuestion(
                    Optional.of("d"),
                    List.of(),
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    5,
                    WorstTokens.Measure.KL,
                    Optional.of(new EvalQuestion.ControlCalibration(List.of(Path.of("c")))),
                    List.of(Path.of("t"), Path.of("u"))),
                true,
                RecipeLayers.standard(Preset.FITTED).runtime()));

    assertThat(run("eval demo")).isZero();
    assertThat(workshop.request)
        .isEqualTo(
            new EvalRequest(
                "demo",
                new EvalQuestion(
                    Optional.empty(),
                    List.of(),
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    0,
                    WorstTokens.Measure.LOSS,
                    Optional.empty(),
                    List.of()),
                false,
                RecipeLayers.standard(Preset.FITTED).runtime()));

    assertThat(run("report a b -o c.html --bench d --overwrite")).isZero();
    assertThat(workshop.request)
        .isEqualTo(
            new ReportRequest(
                List.of(Path.of("a"), Path.of("b")),
                List.of(Path.of("d")),
                Path.of("c.html"),
                true));

    assertThat(run("inspect m --json")).isZero();
    assertThat(workshop.request).isEqualTo(new InspectRequest("m"));

    assertThat(run("export m o --format mixtral --shard-size 1kB --overwrite")).isZero();
    assertThat(workshop.request)
        .isEqualTo(
            new ExportRequest(
                "m",
                Optional.of(Path.of("o")),
                new OutputSpec(OutputFormat.MIXTRAL, ByteSize.parse("1kB")),
                false,
                true));
    assertThat(run("export m --format auto --dry-run")).isZero();
    assertThat(((ExportRequest) workshop.request).output()).isEmpty();
    assertThat(((ExportRequest) workshop.request).dryRun()).isTrue();
    assertThat(run("export m o --format mixtral --gguf-type f16")).isEqualTo(2);
    assertThat(run("export m --format gguf --gguf-type bf16 --dry-run")).isZero();
    assertThat(((GgufRequest) workshop.request).options().type()).isEqualTo(GgufType.BF16);

    assertThat(run("verify m.gguf --plan p --against d")).isZero();
    assertThat(((VerifyRequest) workshop.request).plan()).contains(Path.of("p"));

    assertThat(run("doctor")).isZero();
    assertThat(workshop.request)
        .isEqualTo(
            new DoctorRequest(Optional.empty(), RecipeLayers.standard(Preset.FITTED).runtime()));
    assertThat(run("doctor out --device gpu:1 --threads 3")).isZero();
    DoctorRequest doctor = (DoctorRequest) workshop.request;
    assertThat(doctor.directory()).contains(Path.of("out"));
    assertThat(doctor.runtime().device()).isEqualTo(new DeviceSpec.Gpu(1));
    assertThat(doctor.runtime().threads()).hasValue(3);

    assertThat(run("logits m --tokens 1,2,3 --output f --compute-dtype bfloat16")).isZero();
    LogitsRequest logits = (LogitsRequest) workshop.request;
    assertThat(logits.tokens()).containsExactly(1, 2, 3);
    assertThat(logits.runtime().computeDtype()).isEqualTo(ComputeDtype.BFLOAT16);
  }

  @Test
  void theResultAloneIsOnStdoutInUtf8() {
    workshop =
        new FakeWorkshop(
            listener -> {
              listener.note("a note");
              listener.warn("a warning");
              return FakeWorkshop.ANSWER;
            });
    assertThat(run("inspect m")).isZero();
    assertThat(console.out()).isEqualTo("größer" + System.lineSeparator());
    assertThat(console.err()).contains("a note").contains("warning: a warning");
  }

  @Test
  void quietKeepsWarningsOnly() {
    workshop =
        new FakeWorkshop(
            listener -> {
              listener.note("a note");
              listener.warn("a warning");
              return FakeWorkshop.ANSWER;
            });
    assertThat(run("inspect m -q")).isZero();
    assertThat(console.err()).doesNotContain("a note").contains("warning: a warning");
  }

  @Test
  void dryRunNeedsNoOutput() {
    assertThat(run("carve m --dry-run")).isZero();
    assertThat(((CarveRequest) workshop.request).output()).isEmpty();
  }

  @Test
  void printRecipeShowsTheOriginOfEachValueAndStops() {
    assertThat(run("carve --print-recipe --seed 4 --preset paper --set router.batch=5")).isZero();
    assertThat(workshop.request).isNull();
    assertThat(console.out())
        .containsPattern("seed: 4 +# --seed")
        .containsPattern("experts: S3A3E8 +# default")
        .containsPattern("batch: 5 +# --set")
        .containsPattern("iterations: 1 +# preset paper");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "crave a b|unknown command 'crave'; did you mean 'carve'? (see cmoe --help)",
        "carve|MODEL and OUTPUT are missing (see cmoe carve --help)",
        "carve a|OUTPUT is missing",
        "carve a b c|unexpected argument 'c'",
        "-v inspect m|unknown option '-v' (see cmoe --help)",
        "inspect|Missing required parameter: 'MODEL' (see cmoe inspect --help)",
        "carve a b --smaples=3|unknown option '--smaples'; did you mean '--samples'?",
        "carve a b --samples x|--samples: 'x' is not a whole number from 1",
        "carve a b --samples 0|--samples: '0' is not a whole number from 1",
        "carve a b --threads 0|--threads: '0' is not a whole number from 1",
        "carve a b --seed -1|--seed: '-1' is not a whole number of at least 0",
        "carve a b --preset fited|did you mean 'fitted'?",
        "carve a b --device tpu|--device: 'tpu' is not a device: cpu, gpu or gpu:n",
        "carve a b --shard-size 0|--shard-size: a size must be at least one byte",
        "carve a b --experts S9A1E8|--experts: S9A1E8: 9 shared of 8 experts leave none to route",
        "carve a b --set nonsense|--set: 'nonsense' is not of the form key=value",
        "carve a b --set grouping.iteration=3|did you mean 'grouping.iterations'?",
        "carve a b --set calibration=3|'calibration' is a section",
        "carve a b --seed 1 --seed 2|option '--seed' (N) should be specified only once",
        "carve a b --progress loud|'loud' is not one of auto, bar, plain, none",
        "eval a --window 1|--window: '1' is not a whole number of at least 2",
        "eval a --worst-by kl|--worst-by needs --worst N",
        "eval a --against b --worst-by loss|--worst-by needs --worst N",
        "eval a --against b --worst 3 --worst-by size|--worst-by: 'size' is neither loss nor kl",
        "report a b -o -|-o -: the page goes to a file",
        "logits a --output f|--tokens",
        "export a b|Missing required option: '--format=NAME'",
        "export a --format cmoe|OUTPUT is missing",
        "export a b --format mixtal|--format: 'mixtal' is not one of auto, cmoe, glm4_moe",
        "doctor a b|unexpected argument 'b'",
        "doctor --device tpu|--device: 'tpu' is not a device: cpu, gpu or gpu:n",
        "doctor --compute-dtype float32|unknown option '--compute-dtype'",
        "carve a b --format glm4-moe|did you mean 'glm4_moe'?",
      })
  void wrongUsageIsOneLineAndCodeTwo(String line, String message) {
    assertThat(run(line)).isEqualTo(2);
    assertThat(console.err()).startsWith("cmoe: ").contains(message).hasLineCount(1);
    assertThat(console.out()).isEmpty();
    assertThat(workshop.request).isNull();
  }

  @Test
  void wrongUsageIsJsonToo() {
    assertThat(run("carve --json a b --nope")).isEqualTo(2);
    assertThat(console.out())
        .startsWith(
            "{\"schema\":\"cmoe.error/1\",\"code\":2,\"message\":\"unknown option '--nope'");
  }

  @ParameterizedTest
  @EnumSource(FailureKind.class)
  void eachKindOfFailureHasItsCode(FailureKind kind) {
    workshop = FakeWorkshop.failing(new CmoeException(kind, "a/b.txt: \"odd\"\n  and broken"));
    assertThat(run("inspect m --json")).isEqualTo(kind.exitCode());
    assertThat(console.err()).startsWith("cmoe: a/b.txt: \"odd\" and broken").hasLineCount(1);
    assertThat(console.out())
        .contains("\"code\":" + kind.exitCode() + ",")
        .contains("a/b.txt: \\\"odd\\\" and broken");
  }

  @Test
  void aDefectIsOneLineUnlessItsTraceIsAskedFor() {
    workshop = FakeWorkshop.failing(new IllegalStateException("oops"));
    assertThat(run("inspect m")).isEqualTo(1);
    assertThat(console.err())
        .contains("java.lang.IllegalStateException: oops; run again with --stacktrace")
        .hasLineCount(1);
    assertThat(run("inspect m --stacktrace")).isEqualTo(1);
    assertThat(console.err()).contains("\tat dev.cmoe.cli.");
  }

  @Test
  void memoryThatRunsOutIsCodeSix() {
    workshop =
        new FakeWorkshop(
            listener -> {
              throw new OutOfMemoryError("Java heap space");
            });
    assertThat(run("inspect m")).isEqualTo(6);
    assertThat(console.err()).contains("out of memory: Java heap space");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "carve --help",
        "inspect -h",
        "eval --help",
        "report --help",
        "export --help",
        "doctor --help",
        "logits --help"
      })
  void helpShowsExamplesAndExitCodes(String line) {
    assertThat(run(line)).isZero();
    assertThat(console.err()).isEmpty();
    String help = console.out();
    String command = line.startsWith("-") ? "" : line.split(" ")[0] + " ";
    assertThat(help).contains("Usage: cmoe ").contains("Examples:").contains("  cmoe " + command);
    assertThat(help).contains("Exit codes:");
    for (FailureKind kind : FailureKind.values()) {
      assertThat(help).containsPattern("(?m)^  " + kind.exitCode() + " +\\w");
    }
    assertThat(help).doesNotContain("${").doesNotContain("logits demo --tokens 0");
    assertThat(help.lines()).allMatch(shown -> shown.length() <= 80);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "carve",
        "export",
        "inspect",
        "verify",
        "eval",
        "report",
        "generate",
        "bench",
        "doctor"
      })
  void helpShowsEachExampleOnOneLine(String command) {
    assertThat(run("help " + command)).isZero();
    String examples = console.out().replaceFirst("(?s).*Examples:\\R", "");
    assertThat(examples.lines().takeWhile(shown -> shown.startsWith(" ")))
        .isNotEmpty()
        .allMatch(shown -> shown.startsWith("  cmoe " + command + " "))
        .allMatch(shown -> shown.length() < 80);
    assertThat(examples.lines().dropWhile(shown -> shown.startsWith(" "))).isEmpty();
  }

  @Test
  void helpOfExportNamesAllFormats() {
    assertThat(run("help export")).isZero();
    assertThat(console.out().replaceAll("\\s+", " "))
        .contains("auto, cmoe, glm4_moe, granitemoeshared, mixtral, qwen2_moe or gguf");
  }

  @Test
  void helpOfCarveShowsDefaultsInSections() {
    assertThat(run("help carve")).isZero();
    assertThat(console.out().replaceAll("\\s+", " "))
        .contains("Carving: --experts")
        .contains("(default: S3A3E8)")
        .contains("(default: fitted)")
        .contains("(default: 10)")
        .contains("(default: 5GB)")
        .contains("Computing: --compute-dtype")
        .contains("Answering: --json");
  }

  @Test
  void noCommandShowsThemOnStderr() {
    assertThat(run("")).isEqualTo(2);
    assertThat(console.out()).isEmpty();
    assertThat(console.err())
        .contains("carve")
        .contains("inspect")
        .contains("doctor")
        .doesNotContain("logits");
  }

  @Test
  void versionNamesTheLibraries() {
    assertThat(run("--version")).isZero();
    assertThat(console.out())
        .containsPattern("cmoe \\d+\\.\\d+\\.\\d+")
        .contains("Java ")
        .containsPattern("DJL \\d")
        .containsPattern("libtorch \\d")
        .containsPattern("ND4J \\d");
  }
}
