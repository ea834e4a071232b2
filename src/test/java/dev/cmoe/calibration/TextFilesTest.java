package dev.cmoe.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.checkpoint.Tokenizer;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {
  @TempDir Path dir;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(dir.resolve(name), content);
  }

  private Tokenizer tokenizer() {
    return Tokenizer.open(Path.of("src/main/resources/dev/cmoe/demo/tokenizer.json"));
  }

  @Test
  void encodesEachFileByItselfAndJoinsTheIds() throws IOException {
    Path first = file("a.txt", "The little dog");
    Path second = file("b.txt", "ran home.");
    try (Tokenizer tokenizer = tokenizer()) {
      TextFiles both = TextFiles.read(List.of(first, second));

      assertThat(both.encode(tokenizer))
          .containsExactly(
              IntStream.concat(
                      IntStream.of(tokenizer.encode("The little dog", true)),
                      IntStream.of(tokenizer.encode("ran home.", false)))
                  .toArray());
      assertThat(both.names()).isEqualTo("a.txt, b.txt");
      assertThat(both.nameList()).containsExactly("a.txt", "b.txt");
    }
  }

  @Test
  void joinsTheTextsOfJsonLinesByABlankLine() throws IOException {
    Path lines =
        file(
            "a.jsonl",
            "{\"text\": \"The little dog\"}\r\n\n  \n{\"id\": 3, \"text\": \"ran home.\"}\n");
    try (Tokenizer tokenizer = tokenizer()) {
      assertThat(TextFiles.read(List.of(lines)).encode(tokenizer))
          .containsExactly(tokenizer.encode("The little dog\n\nran home.", true));
    }
  }

  @Test
  void countsBytesOfUtf8() throws IOException {
    assertThat(TextFiles.read(List.of(file("a.txt", "añ€"))).bytes()).isEqualTo(6);
  }

  @Test
  void refusesWhatIsNoText() throws IOException {
    refused(dir.resolve("none.txt"), "no such text file");
    refused(dir, "is not a file");
    refused(file("blank.txt", " \n"), "has no text");
    refused(
        Files.write(dir.resolve("latin.txt"), new byte[] {'a', 'b', (byte) 0xe9, ' '}),
        "is not UTF-8 text (byte 2)");
  }

  @Test
  void saysWhichJsonLineIsWrong() throws IOException {
    String good = "{\"text\": \"x\"}\n\n";
    refused(file("a.jsonl", good + "{\"text\": \"x\""), "line 3 is not JSON");
    refused(file("b.ndjson", good + "{\"body\": \"x\"}"), "line 3 has no field \"text\"");
    refused(file("c.jsonl", good + "{\"text\": 5}"), "line 3 has no field \"text\"");
    refused(file("d.jsonl", good + "[1]"), "line 3 has no field \"text\"");
    refused(file("e.jsonl", good + "{\"text\": \"x\"} {\"text\": \"y\"}"), "line 3 is not JSON");
    refused(file("f.jsonl", "\n\n"), "has no text");
  }

  private static void refused(Path file, String part) {
    assertThatThrownBy(() -> TextFiles.read(List.of(file)))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(part);
  }

  @Test
  void shipsTextsForBothKindsOfModel() {
    for (boolean bundled : new boolean[] {true, false}) {
      assertThat(TextFiles.defaultCalibration(bundled).bytes()).isGreaterThan(10_000);
      assertThat(TextFiles.defaultEvaluation(bundled).bytes()).isGreaterThan(10_000);
      assertThat(TextFiles.defaultCalibration(bundled).nameList())
          .doesNotContainAnyElementsOf(TextFiles.defaultEvaluation(bundled).nameList());
    }
  }
}
