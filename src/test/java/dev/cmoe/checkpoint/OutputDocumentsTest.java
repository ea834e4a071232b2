package dev.cmoe.checkpoint;

import static dev.cmoe.checkpoint.ModelFolder.bf16;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies beside the weights: side files, manifest, model card. */
class OutputDocumentsTest {
  @TempDir Path dir;

  @Test
  void copiesSideFilesOnly() throws IOException {
    Path from = Files.createDirectories(dir.resolve("from/original")).getParent();
    Path to = Files.createDirectory(dir.resolve("to"));
    for (String name :
        List.of(
            "config.json",
            "README.md",
            "model.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "pytorch_model.bin.index.json",
            "a.PTH",
            "x.gguf",
            "x.h5",
            "x.msgpack",
            "x.onnx",
            "moe_plan.json",
            "moe_plan.safetensors",
            "report.json",
            "report.html",
            "cmoe_manifest.json",
            "cmoe_recipe.yaml",
            "tokenizer.json",
            "LICENSE",
            "chat_template.jinja",
            "vocab.json",
            "generation_config.json")) {
      Files.writeString(from.resolve(name), name);
    }
    Files.createSymbolicLink(from.resolve("linked.txt"), from.resolve("LICENSE"));
    Files.writeString(to.resolve("vocab.json"), "mine");
    assertThat(SideFiles.copy(from, to))
        .containsExactly(
            "LICENSE",
            "chat_template.jinja",
            "generation_config.json",
            "linked.txt",
            "tokenizer.json");
    assertThat(to.resolve("tokenizer.json")).hasContent("tokenizer.json");
    assertThat(to.resolve("linked.txt")).isRegularFile().hasContent("LICENSE");
    assertThat(Files.isSymbolicLink(to.resolve("linked.txt"))).isFalse();
    assertThat(to.resolve("vocab.json")).hasContent("mine");
    assertThatThrownBy(() -> SideFiles.copy(dir.resolve("none"), to))
        .isInstanceOf(CmoeException.class);
  }

  @Test
  void manifestsOfIdenticalRunsDifferInTimingsOnly() throws IOException {
    Path model = ModelFolder.create(dir.resolve("model"));
    ModelFolder.weights(model.resolve("model.safetensors"), bf16("a", 2));
    Path out = Files.createDirectory(dir.resolve("out"));
    Files.writeString(out.resolve("b.txt"), "abc");
    Files.writeString(out.resolve("a.txt"), "");
    ObjectNode first = manifest(model, out, Map.of("carve", 1.5, "finished", "today"));
    ObjectNode second = manifest(model, out, Map.of("carve", 2.5, "finished", "tomorrow"));
    assertThat(first).isNotEqualTo(second);
    assertThat(first.fieldNames())
        .toIterable()
        .containsExactly(
            "schema", "cmoe", "java", "libraries", "settings", "seed", "input", "files", "timings");
    assertThat(first.at("/timings/carve").asDouble()).isEqualTo(1.5);
    assertThat(first.get("schema").asText()).isEqualTo("cmoe.manifest/1");
    assertThat(first.at("/input/name").asText()).isEqualTo("model");
    assertThat(first.at("/input/configSha256").asText()).hasSize(64);
    assertThat(first.at("/input/headerSha256/model.safetensors").asText()).hasSize(64);
    assertThat(first.get("files").fieldNames()).toIterable().containsExactly("a.txt", "b.txt");
    assertThat(first.at("/files/b.txt/bytes").asLong()).isEqualTo(3);
    assertThat(first.at("/files/b.txt/sha256").asText()).startsWith("ba7816bf8f01cfea");
    assertThat(first.at("/files/a.txt/sha256").asText()).isEqualTo("known");
    first.remove("timings");
    second.remove("timings");
    assertThat(first).isEqualTo(second);
    assertThat(Manifest.read(out).seed()).isEqualTo(7);
    assertThat(Files.readString(out.resolve(Manifest.FILE))).endsWith("}\n");
  }

  @Test
  void refusesAnotherManifest() throws IOException {
    assertThatThrownBy(() -> Manifest.read(dir)).hasMessageContaining("no such file");
    for (String text : List.of("{}", "{\"schema\":\"cmoe.manifest/2\"}", "{\"other\":1}")) {
      Files.writeString(dir.resolve(Manifest.FILE), text);
      assertThatThrownBy(() -> Manifest.read(dir))
          .isInstanceOf(CmoeException.class)
          .hasMessageContaining("is not a manifest of schema cmoe.manifest/1");
    }
  }

  @Test
  void keepsTheLicence() throws IOException {
    assertThat(ModelCard.licenseOf(dir)).isEmpty();
    Files.writeString(
        dir.resolve("README.md"),
        "---\r\nlicense: other\r\nlicense_name: 'own: terms'\r\nlanguage: [en]\r\n---\r\n# M\r\n");
    assertThat(ModelCard.licenseOf(dir).toString())
        .isEqualTo("{\"license\":\"other\",\"license_name\":\"own: terms\"}");
    for (String card :
        List.of("# no matter", "---\nlicense: mit\n", "---\n{[\n---\n", "---\n---\n")) {
      Files.writeString(dir.resolve("README.md"), card);
      assertThat(ModelCard.licenseOf(dir)).isEmpty();
    }
  }

  @Test
  void writesAModelCard() throws IOException {
    ObjectNode license = JsonFile.MAPPER.createObjectNode().put("license", "apache-2.0");
    card(license, OptionalDouble.of(50.6), true).write(dir);
    String text = Files.readString(dir.resolve("README.md"));
    assertThat(text)
        .startsWith("---\nlicense: apache-2.0\nbase_model: demo\n")
        .contains("# demo-moe\n", "`S3A3E8`", "| 7,000,000 |", "novels | 50.60 |", "58.12")
        .contains("from_pretrained(path, dtype=\"auto\", trust_remote_code=True)")
        .contains("arXiv:2502.04416", "version = {0.1.0}")
        .endsWith("```\n");
    assertThat(ModelCard.licenseOf(dir).get("license").asText()).isEqualTo("apache-2.0");
    assertThat(card(license.removeAll(), OptionalDouble.empty(), false).text())
        .startsWith("---\nbase_model: demo\n")
        .doesNotContain("trust_remote_code", "dense model, novels");
  }

  @Test
  void aModelCardTellsOfEveryFineTuning() {
    ModelCard.FineTuning taught =
        new ModelCard.FineTuning(
            "notes.txt",
            "demo",
            "lora, router",
            123_456,
            1000,
            1_024_000,
            OptionalDouble.of(50.584),
            OptionalDouble.of(55.145),
            OptionalDouble.of(52.5));
    ModelCard.FineTuning unmeasured =
        new ModelCard.FineTuning(
            "more.txt",
            "",
            "bias",
            0,
            10,
            640,
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty());
    String text =
        card(
                JsonFile.MAPPER.createObjectNode(),
                OptionalDouble.of(50.6),
                true,
                List.of(taught, unmeasured))
            .text();
    assertThat(text)
        .contains("then it was fine-tuned", "| Perplexity as carved, novels | 58.12 |")
        .contains("| Text | notes.txt |", "| Teacher | demo |", "lora, router: 123,456 values")
        .contains("| Steps | 1,000, 1,024,000 tokens |", "held-out parts of the text | 52.50 |")
        .contains("| Text | more.txt |")
        .doesNotContain("Perplexity of this model");
    assertThat(text.indexOf("notes.txt")).isLessThan(text.indexOf("more.txt"));
    assertThat(text.indexOf("more.txt")).isLessThan(text.indexOf("## Use"));
  }

  private static ModelCard card(ObjectNode license, OptionalDouble dense, boolean remoteCode) {
    return card(license, dense, remoteCode, List.of());
  }

  private static ModelCard card(
      ObjectNode license,
      OptionalDouble dense,
      boolean remoteCode,
      List<ModelCard.FineTuning> tunings) {
    return new ModelCard(
        "demo-moe",
        "demo",
        license,
        "S3A3E8",
        "fitted",
        "cmoe",
        "bundled text",
        "novels",
        dense,
        OptionalDouble.of(58.124),
        7_000_000,
        5_000_000,
        tunings,
        remoteCode,
        "0.1.0");
  }

  private static ObjectNode manifest(Path model, Path out, Map<String, ?> timings) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      Manifest.of(
              "0.1.0",
              Map.of("libtorch", "2", "djl", "3", "nd4j", "1"),
              List.of("carve", "model", "out"),
              7,
              Manifest.Input.of("model", checkpoint),
              Manifest.files(out, Map.of("a.txt", "known")),
              timings)
          .write(out);
    }
    return JsonFile.readObject(out.resolve(Manifest.FILE));
  }
}
