package dev.cmoe.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What the README.md of an output says.
 *
 * @param name of the output directory
 * @param baseModel the dense model's name
 * @param license the licence fields of the dense model's card, see {@link #licenseOf}; may be empty
 * @param experts in the notation SxAyEz
 * @param preset how the experts were chosen; empty where that is not known
 * @param format that it is written in
 * @param calibration the text that was carved on; empty where that is not known
 * @param evaluation the text of the perplexities
 * @param dense perplexity of the dense model, if measured
 * @param carved perplexity of the model as it was carved, if measured
 * @param parameters all of them
 * @param activeParameters those that one token uses
 * @param tunings what it was trained on after it was carved, in that order
 * @param remoteCode whether loading needs the Python files of the output
 * @param version of cmoe
 */
public record ModelCard(
    String name,
    String baseModel,
    ObjectNode license,
    String experts,
    String preset,
    String format,
    String calibration,
    String evaluation,
    OptionalDouble dense,
    OptionalDouble carved,
    long parameters,
    long activeParameters,
    List<FineTuning> tunings,
    boolean remoteCode,
    String version) {
  public static final String FILE = "README.md";

  /**
   * A fine-tuning.
   *
   * @param text that was trained on
   * @param teacher the dense model that it learned from; empty without
   * @param kinds what was trained
   * @param values how many numbers were
   * @param tokens of all steps
   * @param dense perplexity of the teacher on parts of the text that were held out, if measured
   * @param before that of this model before
   * @param after that of this model
   */
  public record FineTuning(
      String text,
      String teacher,
      String kinds,
      long values,
      long steps,
      long tokens,
      OptionalDouble dense,
      OptionalDouble before,
      OptionalDouble after) {}

  public ModelCard {
    tunings = List.copyOf(tunings);
  }

  private static final List<String> LICENSE_FIELDS =
      List.of("license", "license_name", "license_link");
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .build();

  /**
   * The licence fields in the front matter of {@code directory}'s README.md; empty if it has none.
   */
  public static ObjectNode licenseOf(Path directory) {
    ObjectNode license = YAML.createObjectNode();
    try {
      String card = Files.readString(directory.resolve(FILE)).replace("\r\n", "\n");
      int end = card.indexOf("\n---", 3);
      if (card.startsWith("---\n") && end > 0) {
        JsonNode matter = YAML.readTree(card.substring(4, end + 1));
        for (String field : LICENSE_FIELDS) {
          if (matter.hasNonNull(field)) {
            license.set(field, matter.get(field));
          }
        }
      }
    } catch (IOException e) {
      // Without a readable card there is nothing to keep; the licence files are copied anyway.
    }
    return license;
  }

  /** The whole file, ending in a line feed. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("---\n").append(frontMatter()).append("---\n\n");
    text.append("# ").append(name).append("\n\n");
    text.append(
        """
        A Mixture-of-Experts model carved out of the dense model `%s` by cmoe %s. Each feed-forward
        layer was divided into experts; %s.

        | | |
        | --- | --- |
        | Experts | `%s` (shared, active, all) |
        """
            .formatted(
                baseModel,
                version,
                tunings.isEmpty()
                    ? "the attention layers and the embeddings are those of the dense\nmodel"
                    : "then it was fine-tuned",
                experts));
    if (!preset.isEmpty()) {
      text.append("| Preset | ").append(preset).append(" |\n");
    }
    text.append("| Format | `").append(format).append("` |\n");
    if (!calibration.isEmpty()) {
      text.append("| Calibration text | ").append(calibration).append(" |\n");
    }
    text.append("| Parameters | ").append(count(parameters)).append(" |\n");
    text.append("| Parameters active per token | ").append(count(activeParameters)).append(" |\n");
    if (dense.isPresent()) {
      text.append(row("Perplexity of the dense model, " + evaluation, dense.getAsDouble()));
    }
    if (carved.isPresent()) {
      String which = tunings.isEmpty() ? "of this model, " : "as carved, ";
      text.append(row("Perplexity " + which + evaluation, carved.getAsDouble()));
    }
    tunings.forEach(tuning -> text.append(section(tuning)));
    text.append(use());
    text.append(
        """

        ## Citation

        %s

        ```bibtex
        @article{cmoe2025,
          title = {Analytical FFN-to-MoE Restructuring via Activation Pattern Analysis},
          author = {Pei, Zehua and others},
          journal = {arXiv preprint arXiv:2502.04416},
          year = {2025}
        }
        @software{cmoe_java,
          title = {cmoe: carving dense language models into Mixture-of-Experts models},
          version = {%s}
        }
        ```
        """
            .formatted(method(), version));
    return text.toString();
  }

  private static String section(FineTuning tuning) {
    StringBuilder text = new StringBuilder("\n## Fine-tuning\n\n| | |\n| --- | --- |\n");
    text.append("| Text | ").append(tuning.text()).append(" |\n");
    if (!tuning.teacher().isEmpty()) {
      text.append("| Teacher | ").append(tuning.teacher()).append(" |\n");
    }
    text.append("| Trained | ")
        .append(tuning.kinds())
        .append(": ")
        .append(count(tuning.values()))
        .append(" values |\n| Steps | ")
        .append(count(tuning.steps()))
        .append(", ")
        .append(count(tuning.tokens()))
        .append(" tokens |\n");
    String on = ", held-out parts of the text";
    tuning.dense().ifPresent(value -> text.append(row("Perplexity of the teacher" + on, value)));
    tuning.before().ifPresent(value -> text.append(row("Perplexity before" + on, value)));
    tuning.after().ifPresent(value -> text.append(row("Perplexity after" + on, value)));
    return text.toString();
  }

  private String use() {
    if (format.equals("gguf")) {
      return """

          ## Use

              llama-cli -m %s/model.gguf -p "The old man"
          """
          .formatted(name);
    }
    String trust = remoteCode ? ", trust_remote_code=True" : "";
    String loading =
        """

        ## Use

        ```python
        from transformers import AutoModelForCausalLM, AutoTokenizer

        path = "%s"
        tokenizer = AutoTokenizer.from_pretrained(path%s)
        model = AutoModelForCausalLM.from_pretrained(path, dtype="auto"%s)
        ```
        """
            .formatted(name, trust, trust);
    return remoteCode
        ? loading
            + "\n`trust_remote_code` runs the Python files in this directory; read them first.\n"
        : loading;
  }

  private String method() {
    if (preset.isEmpty()) {
      return "The idea of carving comes from the CMoE paper; the carving was done with cmoe.";
    }
    return preset.equals("paper")
        ? """
          The method is that of the CMoE paper; the carving was done with cmoe, an independent
          implementation in Java."""
            .stripIndent()
        : """
          The idea of carving comes from the CMoE paper; experts and routers were chosen by the preset
          `%s` of cmoe, which is a method of its own."""
            .formatted(preset);
  }

  public void write(Path directory) {
    Path file = directory.resolve(FILE);
    try {
      Files.writeString(file, text());
    } catch (IOException e) {
      throw JsonFile.unwritable(file, e);
    }
  }

  private String frontMatter() {
    ObjectNode matter = YAML.createObjectNode();
    matter.setAll(license);
    matter.put("base_model", baseModel);
    matter.put("library_name", "transformers");
    matter.put("pipeline_tag", "text-generation");
    matter.putArray("tags").add("cmoe").add("mixture-of-experts");
    try {
      return YAML.writeValueAsString(matter);
    } catch (JsonProcessingException e) {
      throw CmoeException.badInput("the licence of " + baseModel + " cannot be written as YAML");
    }
  }

  private static String row(String what, double perplexity) {
    return String.format(Locale.ROOT, "| %s | %.2f |%n", what, perplexity).replace("\r", "");
  }

  private static String count(long parameters) {
    return String.format(Locale.ROOT, "%,d", parameters);
  }
}
