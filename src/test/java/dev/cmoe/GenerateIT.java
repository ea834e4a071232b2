package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerateIT {
  private static final int USAGE = 2;
  private static final int BAD_INPUT = 3;
  private static final int UNSUPPORTED = 4;

  @TempDir Path dir;
  private Path model;

  @BeforeEach
  void place() {
    model = dir.resolve("llama");
  }

  private static void failed(Run run, int code, Object... parts) {
    assertThat(run.code()).as(run.err()).isEqualTo(code);
    assertThat(run.err()).startsWith("cmoe: ").hasLineCount(1).doesNotContain("Exception");
    for (Object part : parts) {
      assertThat(run.err()).contains(part.toString());
    }
    assertThat(run.out()).isEmpty();
  }

  private static Run prose(String options) {
    return Run.ok(
        Run.words("generate demo --greedy --max-tokens 12 " + options + "--prompt", "The old man"));
  }

  @Test
  void theBundledModelWritesProse() {
    Run told = prose("");
    Run whole = prose("--no-stream -q ");
    JsonNode json = prose("--json -q ").json();

    assertThat(told.out()).startsWith(", who had been a man").endsWith("\n");
    assertThat(told.err()).containsPattern("prompt 3 tokens in .* then 11 tokens in ");
    assertThat(whole.out()).isEqualTo(told.out());
    // What comes piece by piece needs no line that counts the pieces.
    assertThat(prose("--no-stream ").err()).contains("12 pieces");
    assertThat(prose("--stream ").err()).doesNotContain("pieces");
    assertThat(told.err()).doesNotContain("pieces");
    assertThat(whole.err()).isEmpty();
    assertThat(json.path("schema").asText()).isEqualTo("cmoe.generate/1");
    assertThat(json.path("step").asText()).isEqualTo("kernels");
    JsonNode sequence = json.path("sequences").path(0);
    assertThat(sequence.path("text").asText() + "\n").isEqualTo(told.out());
    assertThat(sequence.path("tokens")).hasSize(12);
    assertThat(sequence.path("finish").asText()).isEqualTo("length");
  }

  @Test
  void aSeedRepeatsItself() {
    List<String> texts = new ArrayList<>();
    for (int seed : new int[] {1, 1, 2}) {
      texts.add(
          Run.ok("generate", "demo", "--prompt", "At night", "--seed", seed, "--max-tokens", 16)
              .out());
    }
    assertThat(texts.get(0)).isEqualTo(texts.get(1)).isNotEqualTo(texts.get(2));
  }

  @Test
  void eightPromptsSideBySideAreEightPrompts() {
    List<String> prompts =
        List.of("The", "A ship", "When they", "I", "In the morning of", "No", "She said", "Who");
    List<Object> words = new ArrayList<>(List.of(Run.words("generate demo --greedy --json -q")));
    prompts.forEach(prompt -> words.addAll(List.of("--prompt", prompt)));
    words.addAll(List.of("--max-tokens", 20));
    JsonNode together = Run.ok(words.toArray()).json().path("sequences");
    for (int i : new int[] {0, 4, 7}) {
      JsonNode alone =
          Run.ok(
                  Run.words(
                      "generate demo --greedy --json -q --max-tokens 20 --prompt", prompts.get(i)))
              .json();
      assertThat(together.path(i)).isEqualTo(alone.path("sequences").path(0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cmoe", "glm4_moe"})
  void eightPromptsOfACarvedModelAreEightPrompts(String format) {
    new TinyLlama().write(model);
    Path moe = dir.resolve("moe");
    Run.ok(
        Run.words(
            "carve -q --samples 4 --experts S2A2E8 --preset random --no-eval --no-controls --format",
            format,
            "--calibration",
            TinyTexts.calibration(dir),
            model,
            moe));
    List<String> prompts = List.of("a", "the sea", "b c", "xyz", "in a house", "no", "she", "who?");
    List<Object> words = new ArrayList<>();
    prompts.forEach(prompt -> words.addAll(List.of("--prompt", prompt)));
    String line = "generate --greedy --json -q --compute-dtype float32 --max-tokens 12";
    JsonNode together = Run.ok(Run.words(line, moe, words.toArray())).json().path("sequences");
    for (int i = 0; i < prompts.size(); i++) {
      JsonNode alone = Run.ok(Run.words(line, moe, "--prompt", prompts.get(i))).json();
      assertThat(together.path(i)).isEqualTo(alone.path("sequences").path(0));
    }
  }

  @Test
  void chatFillsInTheTemplate() throws IOException {
    new TinyLlama().write(model);
    Files.writeString(
        model.resolve("tokenizer_config.json"),
        "{\"eos_token\": \"<|end|>\", \"chat_template\":"
            + " \"{% for m in messages %}[{{ m.role }}] {{ m.content | trim }}\\n{% endfor %}\"}");
    JsonNode answer =
        Run.ok(
                "generate",
                model,
                "--chat",
                "--system",
                "Be kind",
                "--prompt",
                " hey ",
                "--json",
                "--max-tokens",
                3,
                "-q")
            .json();

    assertThat(answer.path("sequences").path(0).path("prompt").asText())
        .isEqualTo("[system] Be kind\n[user] hey\n");
  }

  @Test
  void stopsWhereTheModelEndsOrItsContext() throws IOException {
    new TinyLlama().write(model);
    JsonNode free = generate(model);
    int first = free.path("tokens").path(0).asInt();
    assertThat(free.path("finish").asText()).isEqualTo("context");
    assertThat(free.path("promptTokens").asInt() + free.path("tokens").size())
        .isEqualTo(TinyLlama.CONTEXT + 1);
    assertThat(
            Run.ok("generate", model, "--prompt", "abc", "--prompt", "ab", "--max-tokens", 500)
                .err())
        .contains("prompts 1, 2 stopped at the end of the model's context");
    Files.writeString(
        model.resolve("generation_config.json"), "{\"eos_token_id\": [7, " + first + "]}");
    JsonNode stopped = generate(model);
    assertThat(stopped.path("tokens")).hasSize(1);
    assertThat(stopped.path("finish").asText()).isEqualTo("stop");
  }

  private static JsonNode generate(Path model) {
    return Run.ok("generate", model, "--prompt", "abc", "--greedy", "--max-tokens", 500, "--json")
        .json()
        .path("sequences")
        .path(0);
  }

  @Test
  void aBrokenTemplateIsBadInput() throws IOException {
    new TinyLlama().write(model);
    Path template = model.resolve("chat_template.jinja");
    Files.writeString(template, "{{ f( }}");
    failed(
        Run.of("generate", model, "--chat", "--prompt", "a"),
        BAD_INPUT,
        template,
        "broken",
        "line 1");
    Files.writeString(template, "{% include 'x' %}");
    failed(
        Run.of("generate", model, "--chat", "--prompt", "a"), UNSUPPORTED, template, "'include'");
  }

  @Test
  void aPromptFileIsItsText() throws IOException {
    new TinyLlama().write(model);
    Path file = Files.writeString(dir.resolve("prompt.txt"), "\uFEFFa\n\n");
    JsonNode answer =
        Run.ok("generate", model, "--prompt-file", file, "--max-tokens", 1, "--json").json();
    assertThat(answer.path("sequences").path(0).path("prompt").asText()).isEqualTo("a\n");
  }

  @Test
  void refusesACacheThatDoesNotFitIntoMemory() {
    new TinyLlama().set("max_position_embeddings", "2000000000").write(model);
    failed(
        Run.of("generate", model, "--prompt", "a", "--max-tokens", 1_900_000_000),
        6,
        model + " needs about",
        "MB are available",
        "--max-tokens");
  }

  @Test
  void whatCannotBeContinued() throws IOException {
    new TinyLlama().write(model);
    Path file = dir.resolve("prompt.txt");
    String tooLong = "x".repeat(TinyLlama.CONTEXT + 1);
    failed(Run.of("generate", model), USAGE, "--prompt");
    failed(Run.of("generate", model, "--prompt", ""), USAGE, "prompt is empty");
    failed(Run.of("generate", model, "--prompt", tooLong), USAGE, "65 tokens", "is 64");
    failed(Run.of("generate", model, "--prompt-file", file), BAD_INPUT, file, "no such text file");
    Files.writeString(file, "\n");
    failed(Run.of("generate", model, "--prompt-file", file), BAD_INPUT, file, "prompt is empty");
    Files.write(file, new byte[] {'a', (byte) 0xE9, 'b'});
    failed(Run.of("generate", model, "--prompt-file", file), BAD_INPUT, file, "is not UTF-8 text");
    failed(Run.of("generate", model, "--prompt", "a", "--seed", -1), USAGE, "--seed");
    Files.writeString(file, tooLong);
    failed(Run.of("generate", model, "--prompt-file", file), BAD_INPUT, file, "65 tokens");
    failed(
        Run.of("generate", model, "--prompt", "a", "--greedy", "--top-p", 0.5), USAGE, "--greedy");
    failed(Run.of("generate", model, "--prompt", "a", "--top-p", 0), USAGE, "--top-p");
    failed(Run.of("generate", model, "--prompt", "a", "--temperature", -1), USAGE, "--temperature");
    failed(Run.of("generate", model, "--prompt", "a", "--max-tokens", 0), USAGE, "--max-tokens");
    failed(Run.of("generate", model, "--prompt", "a", "--system", "b"), USAGE, "--chat");
    failed(
        Run.of("generate", model, "--prompt", "a", "--chat"),
        BAD_INPUT,
        model.resolve("tokenizer_config.json"),
        "no chat_template");
    failed(Run.of("generate", dir, "--prompt", "a"), BAD_INPUT, dir, "has no config.json");
    new TinyLlama().set("model_type", "\"gpt_neox\"").writeConfiguration(model);
    failed(Run.of("generate", model, "--prompt", "a"), UNSUPPORTED, "gpt_neox", "not supported");
  }
}
