package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsFile;
import dev.cmoe.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Output formats from end to end; what other software makes of them is tested in Python. */
class FormatsIT {
  private static final List<String> NATIVE =
      List.of("glm4_moe", "granitemoeshared", "mixtral", "qwen2_moe");
  private static final Set<String> FILES =
      Set.of(
          "README.md",
          "cmoe_manifest.json",
          "cmoe_recipe.yaml",
          "config.json",
          "generation_config.json",
          "model.safetensors",
          "plan",
          "report.html",
          "report.json",
          "tokenizer.json",
          "tokenizer_config.json");
  private static final String LAYER = "model.layers.1.";

  @TempDir Path dir;
  private Path calibration;
  private Path evaluation;

  @BeforeEach
  void texts() {
    calibration = TinyTexts.calibration(dir);
    evaluation = TinyTexts.evaluation(dir);
  }

  private Path model(TinyLlama llama) {
    return llama.write(dir.resolve("llama"));
  }

  private Run carve(Path model, String name, String line) {
    return Run.of(
        "carve",
        model,
        dir.resolve(name),
        Run.words("--samples 8 --no-controls --set router.steps=10 --progress none " + line),
        "--calibration",
        calibration,
        "--eval-text",
        evaluation);
  }

  private Path carved(Path model, String name, String line) {
    Run run = carve(model, name, line);
    assertThat(run.code()).as(run.err()).isZero();
    return dir.resolve(name);
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private static float[] tensor(Path directory, String name, long... shape) {
    try (SafetensorsFile file = SafetensorsFile.open(directory.resolve(TinyLlama.WEIGHTS))) {
      TensorInfo info = file.find(name).orElseThrow(() -> new AssertionError(name));
      assertThat(info.shape().stream().mapToLong(Long::longValue).toArray())
          .as(name)
          .isEqualTo(shape);
      float[] values = new float[Math.toIntExact(info.spec().elements())];
      HalfFloats.toFloats(file.bytes(info), info.dtype(), values, 0, values.length);
      return values;
    }
  }

  private static float[] times(float[] values, double factor) {
    float[] products = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      products[i] = (float) (values[i] * factor);
    }
    return products;
  }

  @ParameterizedTest
  @ValueSource(strings = {"glm4_moe", "granitemoeshared", "mixtral", "qwen2_moe"})
  void carvingWritesANativeDirectory(String format) throws IOException {
    Path model = model(new TinyLlama().dtype(DType.BF16).set("tie_word_embeddings", "true"));
    Path output = carved(model, "out", "--experts S2A2E8 --json --format " + format);
    assertThat(names(output)).isEqualTo(FILES);
    assertThat(names(output.resolve("plan")))
        .containsExactly("moe_plan.json", "moe_plan.safetensors");
    assertThat(names(dir)).allMatch(name -> !name.startsWith("."));
    JsonNode config = json(output.resolve("config.json"));
    assertThat(config.path("model_type").asText()).isEqualTo(format);
    assertThat(config.path("tie_word_embeddings").asBoolean(true)).isFalse();
    assertThat(config.path("head_dim").asInt()).isEqualTo(8);
    assertThat(config.path("rope_parameters").path("rope_theta").asDouble()).isEqualTo(10000);
    assertThat(config.path("rope_theta").asDouble()).isEqualTo(10000);
    assertThat(config.path("torch_dtype").asText()).isEqualTo("bfloat16");
    assertThat(tensor(output, "lm_head.weight", 260, 32))
        .containsExactly(tensor(output, "model.embed_tokens.weight", 260, 32));
    JsonNode report = json(output.resolve("report.json"));
    assertThat(report.path("format").asText()).isEqualTo(format);
    assertThat(report.path("perplexity").path("carved").isNumber()).isTrue();
    try (SafetensorsFile file = SafetensorsFile.open(output.resolve(TinyLlama.WEIGHTS))) {
      assertThat(report.path("parameters").path("stored").asLong())
          .isEqualTo(file.tensors().stream().mapToLong(t -> t.spec().elements()).sum());
    }
    assertThat(Files.readString(output.resolve("README.md")))
        .contains("| Format | `" + format + "` |")
        .doesNotContain("trust_remote_code");
    JsonNode files = json(output.resolve("cmoe_manifest.json")).path("files");
    assertThat(files.has("plan/moe_plan.safetensors")).isTrue();
    assertThat(files.has("model.safetensors")).isTrue();
    Run eval = Run.of("eval", output, "--text", evaluation, "--json", "-q");
    if (format.equals("glm4_moe")) {
      assertThat(eval.code()).as(eval.err()).isZero();
      double own = report.path("perplexity").path("carved").asDouble();
      assertThat(eval.json().path("perplexity").asDouble() / own).isBetween(0.99, 1.01);
    } else {
      eval.failed(4, output.resolve("config.json"), format, "cmoe and glm4_moe");
    }
  }

  @Test
  void autoTakesTheFirstThatFits() {
    // A bias on o_proj, which glm4_moe has not.
    Path biased = model(new TinyLlama().set("attention_bias", "true"));
    for (boolean routerBias : new boolean[] {true, false}) {
      String line = "--dry-run --json --format auto --set router.bias=" + routerBias;
      assertThat(carve(biased, "x", line).json().path("format").asText())
          .isEqualTo(routerBias ? "cmoe" : "granitemoeshared");
    }
  }

  @Test
  void aDryRunLooksAtThePlaceToo() {
    Path own = carved(model(new TinyLlama()), "own", "--format cmoe");
    for (String format : new String[] {"glm4_moe", "gguf"}) {
      Path fine = dir.resolve("not/there/out");
      Run run = Run.ok("export", own, fine, "--format", format, "--dry-run", "-q");
      assertThat(run.out()).contains("nothing was written");
      assertThat(dir.resolve("not")).doesNotExist();
      for (Path place : new Path[] {own.resolve("inside"), own}) {
        Run bad = Run.of("export", own, place, "--format", format, "--dry-run", "-q");
        bad.failed(3, place);
      }
    }
  }

  /** Widths of 7 and 21 neurons, so that zeros must fill up to 8 and 24. */
  @Test
  void tensorsAreThoseOfTheOwnFormat() {
    Path model = model(new TinyLlama().set("intermediate_size", "56"));
    Path own = carved(model, "own", "--experts S3A3E8 --format cmoe --set router.bias=false");
    for (String format : NATIVE) {
      JsonNode answer =
          Run.ok("export", own, dir.resolve(format), "--format", format, "-q", "--json").json();
      JsonNode foreseen =
          carve(model, "x", "--experts S3A3E8 --json --dry-run --format " + format).json();
      assertThat(foreseen.path("parameters").path("stored")).isEqualTo(answer.path("elements"));
    }
    float[] router = tensor(own, LAYER + "mlp.router.weight", 5, 32);
    float[] pairs = tensor(own, LAYER + "mlp.experts.gate_up_proj", 5, 14, 32);
    float[] up = Arrays.copyOfRange(pairs, (2 * 14 + 7) * 32, 3 * 14 * 32);
    float[] downs = tensor(own, LAYER + "mlp.experts.down_proj", 5, 32, 7);
    float[] down = Arrays.copyOfRange(downs, 2 * 32 * 7, 3 * 32 * 7);
    float[] sharedUp = tensor(own, LAYER + "mlp.shared_expert.up_proj.weight", 21, 32);
    float[] sharedDown = tensor(own, LAYER + "mlp.shared_expert.down_proj.weight", 32, 21);

    Path glm = dir.resolve("glm4_moe");
    assertThat(tensor(glm, LAYER + "mlp.gate.weight", 5, 32))
        .containsExactly(times(router, 1 / 1024.0));
    assertThat(tensor(glm, LAYER + "mlp.experts.2.up_proj.weight", 8, 32))
        .containsExactly(Arrays.copyOf(up, 8 * 32));
    assertThat(tensor(glm, LAYER + "mlp.experts.2.down_proj.weight", 32, 8))
        .containsExactly(widened(down, 7, 8));
    assertThat(tensor(glm, LAYER + "mlp.shared_experts.up_proj.weight", 24, 32))
        .containsExactly(Arrays.copyOf(sharedUp, 24 * 32));
    assertThat(tensor(glm, LAYER + "mlp.shared_experts.down_proj.weight", 32, 24))
        .containsExactly(widened(sharedDown, 21, 24));
    assertThat(tensor(glm, LAYER + "self_attn.k_proj.bias", 16)).containsOnly(0);

    Path granite = dir.resolve("granitemoeshared");
    String moe = LAYER + "block_sparse_moe.";
    assertThat(tensor(granite, moe + "router.layer.weight", 5, 32))
        .containsExactly(times(router, 0x1p-30));
    assertThat(
            Arrays.copyOfRange(tensor(granite, moe + "output_linear.weight", 5, 32, 8), 512, 768))
        .containsExactly(times(widened(down, 7, 8), 3));
    assertThat(
            Arrays.copyOfRange(
                tensor(granite, moe + "input_linear.weight", 5, 16, 32), 40 * 32, 48 * 32))
        .containsExactly(Arrays.copyOf(up, 8 * 32));
    assertThat(tensor(granite, LAYER + "shared_mlp.output_linear.weight", 32, 21))
        .containsExactly(sharedDown);

    Path mixtral = dir.resolve("mixtral");
    float[] w2 = tensor(mixtral, moe + "experts.2.w2.weight", 32, 32);
    float[] w3 = tensor(mixtral, moe + "experts.2.w3.weight", 32, 32);
    for (int row = 0; row < 32; row++) {
      assertThat(Arrays.copyOfRange(w2, row * 32, row * 32 + 7))
          .containsExactly(times(Arrays.copyOfRange(down, row * 7, row * 7 + 7), 3));
      assertThat(Arrays.copyOfRange(w2, row * 32 + 7, row * 32 + 28))
          .containsExactly(Arrays.copyOfRange(sharedDown, row * 21, row * 21 + 21));
      assertThat(Arrays.copyOfRange(w2, row * 32 + 28, row * 32 + 32)).containsOnly(0);
    }
    assertThat(Arrays.copyOf(w3, 7 * 32)).containsExactly(up);
    assertThat(Arrays.copyOfRange(w3, 7 * 32, 28 * 32)).containsExactly(sharedUp);

    Path qwen = dir.resolve("qwen2_moe");
    assertThat(tensor(qwen, LAYER + "mlp.gate.weight", 5, 32))
        .containsExactly(times(router, 0x1p-12));
    assertThat(tensor(qwen, LAYER + "mlp.shared_expert.down_proj.weight", 32, 21))
        .containsExactly(times(sharedDown, 2));
    assertThat(tensor(qwen, LAYER + "mlp.shared_expert_gate.weight", 1, 32)).containsOnly(0);
    assertThat(tensor(qwen, LAYER + "mlp.experts.2.down_proj.weight", 32, 8))
        .containsExactly(times(widened(down, 7, 8), 3));
  }

  private static float[] widened(float[] values, int columns, int width) {
    float[] wide = new float[values.length / columns * width];
    for (int i = 0; i < values.length; i++) {
      wide[i / columns * width + i % columns] = values[i];
    }
    return wide;
  }

  @Test
  void biasesBecomeCorrections() {
    Path model = model(new TinyLlama());
    Path own = carved(model, "own", "--experts S2A2E8 --format cmoe");
    Path glm = dir.resolve("glm");
    Run.ok("export", own, glm, "--format", "glm4_moe", "-q");
    float[] bias = tensor(own, LAYER + "mlp.router.bias", 6);
    assertThat(bias).isNotEqualTo(new float[6]);
    assertThat(tensor(glm, LAYER + "mlp.gate.e_score_correction_bias", 6))
        .containsExactly(times(bias, 1 / 4096.0));
    for (String format : List.of("granitemoeshared", "mixtral", "qwen2_moe")) {
      Run.of("export", own, dir.resolve("x"), "--format", format)
          .failed(4, own, format, "router.bias=false", "possible: cmoe, glm4_moe");
      carve(model, "x", "--format " + format + " --set router.bias=true")
          .failed(4, "router.bias=false");
    }
    assertThat(dir.resolve("x")).doesNotExist();
  }

  @Test
  void auto() throws IOException {
    Path model = model(new TinyLlama());
    Run fitted = carve(model, "fitted", "--no-eval --json");
    assertThat(fitted.json().path("format").asText()).isEqualTo("glm4_moe");
    assertThat(fitted.err()).contains("format glm4_moe: ").contains("--format");
    Run paper = carve(model, "paper", "--no-eval --json --preset paper");
    assertThat(paper.json().path("format").asText()).isEqualTo("cmoe");
    assertThat(paper.err()).contains("format cmoe").contains("its router is CMoE's own");
    assertThat(names(dir.resolve("paper"))).contains("modeling_cmoe.py");
    Run random = carve(model, "random", "--no-eval --json --preset random");
    assertThat(random.json().path("format").asText()).isEqualTo("cmoe");
    assertThat(random.err()).contains("this preset is a control");
    Path biased = new TinyLlama().set("mlp_bias", "true").write(dir.resolve("biased"));
    Run other = carve(biased, "other", "--no-eval --json");
    assertThat(other.json().path("format").asText()).isEqualTo("cmoe");
    assertThat(other.err()).contains("its feed-forward layers have biases");
    JsonNode plan =
        Run.ok("carve", model, "--dry-run", "--json", "--calibration", calibration, "-q").json();
    assertThat(plan.path("format").asText()).isEqualTo("glm4_moe");
  }

  @Test
  void aSavedPlanGoesIntoAnotherFormat() {
    Path model = model(new TinyLlama());
    Path glm = carved(model, "glm", "--no-eval --set router.bias=false");
    Path plan = glm.resolve("plan/moe_plan.json");
    carved(model, "mixtral", "--no-eval --format mixtral");
    Run.ok("carve", model, dir.resolve("of-plan"), "--plan", plan, "--format", "mixtral", "-q");
    assertThat(dir.resolve("of-plan").resolve(TinyLlama.WEIGHTS))
        .hasSameBinaryContentAs(dir.resolve("mixtral").resolve(TinyLlama.WEIGHTS));
    Path biased = carved(model, "biased", "--no-eval").resolve("plan/moe_plan.json");
    Run.of("carve", model, dir.resolve("x"), "--plan", biased, "--format", "mixtral")
        .failed(4, "router.bias=false");
  }

  @Test
  void mixtralSaysWhatItCosts() {
    Path model = model(new TinyLlama());
    Run run = carve(model, "out", "--no-eval --experts S2A2E8 --format mixtral");
    assertThat(run.err())
        .contains("warning: mixtral has no shared expert")
        .contains("15,360 parameters, 61,440 bytes");
    Path own = carved(model, "own", "--no-eval --format cmoe --set router.bias=false");
    Run dry = Run.ok("export", own, "--dry-run", "--format", "mixtral", "--json");
    assertThat(dry.json().path("schema").asText()).isEqualTo("cmoe.export/1");
    assertThat(dry.json().path("warnings")).hasSize(1);
    assertThat(dry.json().has("output")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--preset paper|glm4_moe|its router is CMoE's own",
        "--preset static|mixtral|nothing in it is routed",
        "--preset static-fitted|qwen2_moe|nothing in it is routed",
        "--preset paper|granitemoeshared|possible: cmoe",
      })
  void whatAFormatCannotHoldIsRefusedFirst(String line, String format, String reason) {
    Path model = model(new TinyLlama());
    carve(model, "out", line + " --format " + format).failed(4, model, format, reason);
    assertThat(dir.resolve("out")).doesNotExist();
  }

  @Test
  void attentionBiases() {
    Path model = model(new TinyLlama().set("attention_bias", "true"));
    carve(model, "out", "--format glm4_moe --set router.bias=false")
        .failed(4, "bias on the output projection", "possible: cmoe, granitemoeshared");
    carve(model, "out", "--format mixtral").failed(4, "its attention has biases");
    Path granite = carved(model, "granite", "--no-eval --format granitemoeshared");
    assertThat(tensor(granite, LAYER + "self_attn.o_proj.bias", 32))
        .containsExactly(tensor(model, LAYER + "self_attn.o_proj.bias", 32));
  }

  @Test
  void exportsTakeReportPlanAndRecipeAlong() throws IOException {
    Path model = model(new TinyLlama());
    Path own = carved(model, "own", "--format cmoe");
    Path out = dir.resolve("out");
    JsonNode answer =
        Run.ok("export", own, out, "--format", "glm4_moe", "--shard-size", "20kB", "--json").json();
    assertThat(answer.path("format").asText()).isEqualTo("glm4_moe");
    assertThat(answer.path("elements").asLong()).isPositive();
    assertThat(out.resolve("plan/moe_plan.json"))
        .hasSameBinaryContentAs(own.resolve("plan/moe_plan.json"));
    assertThat(out.resolve("cmoe_recipe.yaml")).exists();
    JsonNode report = json(out.resolve("report.json"));
    assertThat(report.path("format").asText()).isEqualTo("glm4_moe");
    assertThat(report.path("output").asText()).isEqualTo(out.toString());
    assertThat(report.path("perplexity"))
        .isEqualTo(json(own.resolve("report.json")).path("perplexity"));
    JsonNode manifest = json(out.resolve("cmoe_manifest.json"));
    assertThat(manifest.path("input"))
        .isEqualTo(json(own.resolve("cmoe_manifest.json")).path("input"));
    assertThat(manifest.path("settings").toString()).contains("output.format=glm4_moe");
    assertThat(json(out.resolve(TinyLlama.INDEX)).path("weight_map").size()).isGreaterThan(10);
    Run.of("export", own, out, "--format", "glm4_moe").failed(3, out, "--overwrite");
    Run.ok("export", own, out, "--format", "cmoe", "--overwrite", "-q");
    JsonNode first = Run.ok("eval", own, "--text", evaluation, "--json", "-q").json();
    JsonNode second = Run.ok("eval", out, "--text", evaluation, "--json", "-q").json();
    assertThat(second.path("perplexity")).isEqualTo(first.path("perplexity"));
    assertThat(names(out)).contains("modeling_cmoe.py");
  }

  @Test
  void everyFormatButGgufIsExported() {
    Path model = model(new TinyLlama());
    Path own = carved(model, "own", "--no-eval --format cmoe --set router.bias=false");
    Path direct = dir.resolve("direct");
    Run.ok("export", own, direct, "--format", "cmoe", "-q");
    for (String format : NATIVE) {
      Path there = dir.resolve(format);
      Path back = dir.resolve(format + "-back");
      Run.ok("export", own, there, "--format", format, "-q");
      Run.ok("export", there, back, "--format", "cmoe", "-q");
      assertThat(Run.ok("verify", back, "--json").json().path("passed").asBoolean()).isTrue();
      Path again = dir.resolve(format + "-again");
      Run.ok("export", back, again, "--format", format, "-q");
      assertThat(again.resolve(TinyLlama.WEIGHTS))
          .hasSameBinaryContentAs(there.resolve(TinyLlama.WEIGHTS));
    }
    // Nothing is rounded there; the others store down-projections times 3.
    assertThat(dir.resolve("glm4_moe-back").resolve(TinyLlama.WEIGHTS))
        .hasSameBinaryContentAs(direct.resolve(TinyLlama.WEIGHTS));
    Path file = dir.resolve("model.gguf");
    Run.ok("export", dir.resolve("glm4_moe"), file, "--format", "gguf", "-q");
    assertThat(Run.ok("verify", file, "--json").json().path("passed").asBoolean()).isTrue();
  }

  @Test
  void onlyCarvedModelsAreExported() {
    Path model = model(new TinyLlama());
    Path out = dir.resolve("out");
    Path gguf = carved(model, "gguf", "--no-eval --format gguf");
    Run.of("export", gguf, out, "--format", "cmoe").failed(4, gguf, "GGUF");
    Run.of("export", model, out, "--format", "mixtral").failed(4, "'llama'", "carve it first");
    Run.of("export", dir.resolve("none"), out, "--format", "cmoe").failed(3, "no such directory");
    assertThat(out).doesNotExist();
  }

  @Test
  void aChangedNativeDirectoryIsNotRead() throws IOException {
    Path model = model(new TinyLlama());
    Path glm = carved(model, "glm", "--no-eval --format glm4_moe");
    Path file = glm.resolve("config.json");
    ObjectNode config = (ObjectNode) json(file);
    Files.writeString(file, config.deepCopy().put("num_experts_per_tok", 2).toString());
    Run.of("eval", glm, "--text", evaluation)
        .failed(3, file, "'num_experts_per_tok' is 2", "it is 3");
    Files.writeString(file, config.deepCopy().without("cmoe_source").toString());
    Run.of("inspect", glm).failed(4, file, "cmoe did not carve");
    Files.writeString(file, config.toString());
    JsonNode inspect = Run.ok("inspect", glm, "--json").json();
    assertThat(inspect.path("moe").path("format").asText()).isEqualTo("glm4_moe");
    assertThat(inspect.path("family").asText()).isEqualTo("llama");
    carve(glm, "again", "").failed(4, "already carved");
    poison(glm, LAYER + "self_attn.v_proj.bias");
    Run.of("eval", glm, "--text", evaluation).failed(4, LAYER + "self_attn.v_proj.bias");
  }

  private static void poison(Path directory, String name) throws IOException {
    Path file = directory.resolve(TinyLlama.WEIGHTS);
    byte[] bytes = Files.readAllBytes(file);
    try (SafetensorsFile weights = SafetensorsFile.open(file)) {
      TensorInfo info = weights.find(name).orElseThrow();
      bytes[Math.toIntExact(info.offset()) + 3] = 0x3f;
    }
    Files.write(file, bytes);
  }
}
