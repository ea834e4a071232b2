package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a benchmark reports, not how fast anything is. */
class BenchIT {
  private static final String QUICK = " --prompt-tokens 16 --decode-tokens 4 --repeat 2 -q";

  @TempDir Path dir;

  private Path carved(Path dense) {
    Path out = dir.resolve("moe");
    Run.ok(
        Run.words(
            "carve -q --samples 4 --experts S2A2E8 --format cmoe --preset random --no-eval --no-controls",
            "--calibration",
            TinyTexts.calibration(dir),
            dense,
            out));
    return out;
  }

  @Test
  void comparesACarvedModelWithItsDenseOne() {
    Path dense = new TinyLlama().write(dir.resolve("llama"));
    Path moe = carved(dense);
    JsonNode json =
        Run.ok(Run.words("bench --json --batch 1,3" + QUICK, moe, "--against", dense)).json();

    assertThat(json.path("schema").asText()).isEqualTo("cmoe.bench/1");
    for (String phase : new String[] {"prefill", "decode"}) {
      JsonNode figures = json.path(phase);
      assertThat(figures.path("dense").asDouble()).isPositive();
      assertThat(figures.path("moe").asDouble()).isPositive();
      JsonNode ratios = figures.path("spread").path("ratio");
      assertThat(figures.path("ratio").asDouble())
          .isBetween(ratios.path(0).asDouble(), ratios.path(1).asDouble());
      assertThat(ratios.path(0).asDouble()).isPositive();
      assertThat(figures.path("ceiling").asDouble()).isGreaterThan(1);
      assertThat(figures.path("spread").path("moe")).hasSize(2);
    }
    assertThat(json.path("models").path("moe").path("singleStep").asText()).isEqualTo("kernels");
    assertThat(json.path("batches")).hasSize(2);
    JsonNode one = json.path("batches").path(0);
    assertThat(one.path("prefill")).isEqualTo(json.path("prefill"));
    JsonNode experts = one.path("moe").path("experts");
    assertThat(experts.path("readPerDecodeStep").asDouble()).isEqualTo(2);
    assertThat(experts.path("load")).hasSize(2);
    for (JsonNode layer : experts.path("load")) {
      double sum = 0;
      boolean several = false;
      for (JsonNode share : layer) {
        sum += share.asDouble();
        several |= share.asDouble() > 0 && share.asDouble() < 1;
      }
      assertThat(sum).isCloseTo(2, within(1e-9));
      assertThat(several).as("more than the last token of the prompt counts").isTrue();
    }
    assertThat(one.path("dense").path("experts").isMissingNode()).isTrue();
    assertThat(one.path("moe").path("decode").path("routerShare").asDouble()).isBetween(1e-9, 1.0);
    assertThat(one.path("moe").path("secondsToFirstToken").asDouble()).isPositive();
    // All matrices of a layer and the head in float32: 2 layers, d = 32, 64 neurons, 260 tokens.
    long kept = 2 * (32 * 32 * 2 + 16 * 32 * 2 + 64) + 260 * 32 + 32;
    assertThat(one.path("dense").path("weightBytesPerDecodeStep").asLong())
        .isEqualTo(4 * (kept + 2 * 3 * 32 * 64));
    assertThat(one.path("moe").path("weightBytesPerDecodeStep").asLong())
        .isEqualTo(4 * (kept + 2 * 3 * 32 * 32 + 2 * (6 * 32 + 12)));
    assertThat(
            json.path("batches")
                .path(1)
                .path("moe")
                .path("experts")
                .path("readPerDecodeStep")
                .asDouble())
        .isBetween(2.0, 6.0);
  }

  @Test
  void printsTablesToo() {
    Run table = Run.ok(Run.words("bench demo --batch 1" + QUICK));
    Run csv = Run.ok(Run.words("bench demo -o csv --batch 2" + QUICK));

    assertThat(table.out())
        .contains("| 1 | prefill | dense |", "| 1 | decode | dense |")
        .contains("| decode of batch 1 in | kernels |")
        .containsPattern("time to first token, batch 1 \\| [0-9.]+ ms \\|");
    assertThat(csv.out())
        .startsWith("batch,phase,model,")
        .containsPattern("\n2,decode,dense,([^,]*,){9}[1-9][0-9]*,[1-9][0-9]*,,kernels\n")
        .hasLineCount(3);
  }

  @Test
  void itsDefaultsFitASmallModel() {
    Path dense = new TinyLlama().write(dir.resolve("llama"));
    JsonNode json = Run.ok(Run.words("bench -o json -q --repeat 1", dense)).json();
    assertThat(json.path("promptTokens").asInt() + json.path("decodeTokens").asInt())
        .isEqualTo(TinyLlama.CONTEXT);
    assertThat(json.path("batches")).hasSize(2);
  }

  @Test
  void oneTokenAfterAPromptThatFillsTheContext() {
    Path dense = new TinyLlama().write(dir.resolve("llama"));
    int prompt = TinyLlama.CONTEXT - 1;
    JsonNode json =
        Run.ok(Run.words("bench --json -q --repeat 1 --batch 1 --prompt-tokens " + prompt, dense))
            .json();
    assertThat(json.path("decodeTokens").asInt()).isEqualTo(1);
  }

  @Test
  void refusesWhatDoesNotFitIntoMemory() {
    Path dense = new TinyLlama().write(dir.resolve("llama"));
    fails(6, "MB are available", "bench -q --batch 1,100000000", dense);
    fails(6, "needs about", "bench -q --batch 100000000 --repeat 1 --against", dense, dense);
  }

  @Test
  void whoAsksForJsonGetsFailuresInIt() {
    for (String form : new String[] {"--json", "-o json", "--output=json"}) {
      Run run = Run.of(Run.words("bench -q " + form, dir));
      run.failed(3, "has no config.json");
      assertThat(run.json().path("schema").asText()).isEqualTo("cmoe.error/1");
    }
  }

  @Test
  void refusesWhatCannotBeCompared() throws Exception {
    Path dense = new TinyLlama().write(dir.resolve("llama"));
    Path other = new TinyLlama().write(dir.resolve("other"));
    Path small = new TinyLlama().set("vocab_size", "261").write(dir.resolve("small"));
    Path tokenizer = other.resolve("tokenizer.json");
    Files.writeString(
        tokenizer,
        Files.readString(tokenizer).replaceFirst("\"vocab\": \\{", "\"vocab\": {\"zz\": 257, "));
    fails(3, "vocabularies differ", "bench" + QUICK, dense, "--against", small);
    fails(3, "tokenizers differ", "bench" + QUICK, dense, "--against", other);
    fails(2, "is carved", "bench" + QUICK, dense, "--against", carved(dense));
    fails(2, "context of 64", "bench --prompt-tokens 60 --decode-tokens 5 -q", dense);
    fails(2, "--batch", "bench --batch 0 -q", dense);
    fails(2, "twice", "bench --batch 1,2,1 -q", dense);
    fails(2, "md, json or csv", "bench -o xml -q", dense);
    fails(3, "has no config.json", "bench -q", dir);
  }

  private static void fails(int code, String part, String line, Object... more) {
    Run run = Run.of(Run.words(line, more));
    assertThat(run.code()).as(run.err()).isEqualTo(code);
    assertThat(run.err()).startsWith("cmoe: ").hasLineCount(1).contains(part);
    assertThat(run.out()).isEmpty();
  }
}
