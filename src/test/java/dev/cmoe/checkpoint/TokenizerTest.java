package dev.cmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  @TempDir Path dir;

  @Test
  void encodesAsThePythonLibraryDoes() {
    try (Tokenizer tokenizer = Tokenizer.open(bundled())) {
      // From tokenizers 0.23.3 on the same file.
      assertThat(tokenizer.encode("aé😀 b", false))
          .containsExactly(65, 967, 173, 254, 247, 223, 271);
      assertThat(tokenizer.encode("a\0b", false)).containsExactly(65, 189, 66);
      assertThat(tokenizer.vocabularySize()).isEqualTo(4096);
    }
  }

  @Test
  void theBundledOneIsReadWithoutUnpackingTheModel() {
    try (Tokenizer inside = Tokenizer.bundled();
        Tokenizer unpacked = Tokenizer.open(bundled())) {
      assertThat(inside.encode("A naïve test.", true))
          .isEqualTo(unpacked.encode("A naïve test.", true));
      assertThat(inside.vocabularySize()).isEqualTo(unpacked.vocabularySize());
    }
  }

  @Test
  void comesBackToTheSameText() {
    String text = "It was a dark night; \"naïve\" 😀\r\n\t  two  spaces\0.";
    try (Tokenizer tokenizer = Tokenizer.open(bundled())) {
      assertThat(tokenizer.decode(tokenizer.encode(text, true))).isEqualTo(text);
      assertThat(tokenizer.decode(new int[] {0, 40})).isEqualTo("H");
      assertThat(tokenizer.decode(new int[] {0, 40}, false)).isEqualTo("<|endoftext|>H");
      assertThat(tokenizer.encode("", false)).isEmpty();
    }
  }

  @Test
  void halfASurrogatePairSpoilsOnlyItself() {
    try (Tokenizer tokenizer = Tokenizer.open(bundled())) {
      assertThat(tokenizer.encode("😀 \ud83d b", false))
          .isEqualTo(tokenizer.encode("😀 \ufffd b", false));
    }
  }

  @Test
  void ignoresTruncationAndPaddingOfTheFile() throws IOException {
    ObjectNode file = JsonFile.readObject(bundled());
    file.set(
        "truncation",
        JsonFile.MAPPER.readTree(
            """
            {"direction":"Right","max_length":4,"strategy":"LongestFirst","stride":0}"""));
    file.set(
        "padding",
        JsonFile.MAPPER.readTree(
            """
            {"strategy":{"Fixed":64},"direction":"Right","pad_to_multiple_of":null,
             "pad_id":0,"pad_type_id":0,"pad_token":"<|endoftext|>"}"""));
    Path changed = dir.resolve("tokenizer.json");
    JsonFile.write(changed, file);
    try (Tokenizer plain = Tokenizer.open(bundled());
        Tokenizer tokenizer = Tokenizer.open(changed)) {
      for (String text : new String[] {"a", "one two three four five six seven".repeat(100)}) {
        assertThat(tokenizer.encode(text, true)).isEqualTo(plain.encode(text, true));
      }
    }
  }

  @Test
  void addsSpecialTokensOnlyWhenAsked() throws IOException {
    ObjectNode file = JsonFile.readObject(bundled());
    file.set(
        "post_processor",
        JsonFile.MAPPER.readTree(
            """
            {"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"<|endoftext|>","type_id":0}},
                       {"Sequence":{"id":"A","type_id":0}}],
             "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
             "special_tokens":{"<|endoftext|>":
                 {"id":"<|endoftext|>","ids":[0],"tokens":["<|endoftext|>"]}}}"""));
    Path changed = dir.resolve("tokenizer.json");
    JsonFile.write(changed, file);
    try (Tokenizer tokenizer = Tokenizer.open(changed)) {
      assertThat(tokenizer.encode("H", true)).containsExactly(0, 40);
      assertThat(tokenizer.encode("H", false)).containsExactly(40);
    }
  }

  @Test
  void refusesWhatIsNoTokenizer() throws IOException {
    Path file = dir.resolve("tokenizer.json");
    refuses(file, "no such file");
    Files.writeString(file, "{\"model\"");
    refuses(file, "not valid JSON");
    Files.writeString(file, "{}");
    refuses(file, "has no vocabulary");
    Files.writeString(file, "{\"model\":{\"type\":\"Other\",\"vocab\":{\"a\":0}}}");
    refuses(file, "is not a tokenizer that can be loaded");
  }

  private static void refuses(Path file, String what) {
    assertThatThrownBy(() -> Tokenizer.open(file).close())
        .isInstanceOf(CmoeException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(what)
        .hasMessageNotContaining("\n");
  }

  private static Path bundled() {
    return ModelFolder.demo().resolve("tokenizer.json");
  }
}
