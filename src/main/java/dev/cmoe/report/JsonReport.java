package dev.cmoe.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The contract documents {@code cmoe.carve/1} and {@code cmoe.finetune/1}. Keys stand in the order
 * of the records, and absent figures are left out.
 */
public final class JsonReport {
  static final JsonMapper MAPPER =
      JsonMapper.builder()
          .defaultPropertyInclusion(JsonInclude.Value.ALL_NON_NULL)
          // The same digits on every JDK.
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private static final ObjectWriter PRETTY =
      MAPPER.writer(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));

  private JsonReport() {}

  /** The document, ending in a line feed. */
  public static String render(RunReport report) {
    try {
      return PRETTY.writeValueAsString(tree(report)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("report does not serialise", e);
    }
  }

  /** Writes the document to {@code file} as UTF-8. */
  public static void write(RunReport report, Path file) {
    try {
      Files.writeString(file, render(report));
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  static RunReport read(Path file) {
    try {
      return parse(MAPPER.readTree(Files.readString(file)));
    } catch (JsonProcessingException e) {
      throw CmoeException.badInput(
          file, "not a report of a carve or a fine-tuning: " + e.getOriginalMessage());
    } catch (IllegalArgumentException | NullPointerException e) {
      throw CmoeException.badInput(
          file, "not a report of a carve or a fine-tuning: " + e.getMessage());
    } catch (IOException e) {
      throw new CmoeException(
          FailureKind.BAD_INPUT, file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static ObjectNode tree(RunReport report) {
    if (report instanceof FinetuneReport tuned) {
      return FinetuneDocument.tree(tuned);
    }
    return CarveDocument.tree((CarveReport) report);
  }

  private static RunReport parse(JsonNode read) throws JsonProcessingException {
    if (!(read instanceof ObjectNode root)) {
      throw new IllegalArgumentException("the document is no object");
    }
    String schema = root.path("schema").asText("absent");
    return switch (schema) {
      case CarveReport.SCHEMA -> CarveDocument.parse(root);
      case FinetuneReport.SCHEMA -> FinetuneDocument.parse(root);
      default ->
          throw new IllegalArgumentException(
              "schema is "
                  + schema
                  + ", expected "
                  + CarveReport.SCHEMA
                  + " or "
                  + FinetuneReport.SCHEMA);
    };
  }
}
