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
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The contract document {@code cmoe.carve/1}. Keys stand in the order of the records, absent
 * figures are left out, and time and memory come last, flattened to the top level.
 */
public final class JsonReport {
  private static final JsonMapper MAPPER =
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
  public static String render(CarveReport report) {
    try {
      return PRETTY.writeValueAsString(tree(report)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("report does not serialise", e);
    }
  }

  /** Writes the document to {@code file} as UTF-8. */
  public static void write(CarveReport report, Path file) {
    try {
      Files.writeString(file, render(report));
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  static CarveReport read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw CmoeException.badInput(file, "not a carve report: " + e.getOriginalMessage());
    } catch (IllegalArgumentException | NullPointerException e) {
      throw CmoeException.badInput(file, "not a carve report: " + e.getMessage());
    } catch (IOException e) {
      throw new CmoeException(
          FailureKind.BAD_INPUT, file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static ObjectNode tree(CarveReport report) {
    ObjectNode root = MAPPER.createObjectNode().put("schema", CarveReport.SCHEMA);
    root.setAll((ObjectNode) MAPPER.valueToTree(report));
    root.remove("cost");
    RunCost cost = report.cost();
    if (cost == null) {
      return root;
    }
    ObjectNode seconds = root.putObject("seconds").put("total", cost.totalSeconds());
    for (StageCost stage : cost.stages()) {
      // A stage that ran twice counts with both.
      seconds.put(stage.name(), seconds.path(stage.name()).asDouble(0) + stage.seconds());
    }
    if (cost.peakRssBytes() != null) {
      root.put("peakRssBytes", cost.peakRssBytes());
    }
    if (cost.peakAnonymousBytes() != null) {
      root.put("peakAnonymousBytes", cost.peakAnonymousBytes());
    }
    root.set("stages", MAPPER.valueToTree(cost.stages()));
    return root;
  }

  private static CarveReport parse(String text) throws JsonProcessingException {
    JsonNode read = MAPPER.readTree(text);
    if (!(read instanceof ObjectNode root)) {
      throw new IllegalArgumentException("the document is no object");
    }
    String schema = root.path("schema").asText("absent");
    if (!schema.equals(CarveReport.SCHEMA)) {
      throw new IllegalArgumentException(
          "schema is " + schema + ", expected " + CarveReport.SCHEMA);
    }
    if (root.has("seconds")) {
      ObjectNode cost = root.putObject("cost");
      cost.set("totalSeconds", root.path("seconds").path("total"));
      cost.set("peakRssBytes", root.get("peakRssBytes"));
      cost.set("peakAnonymousBytes", root.get("peakAnonymousBytes"));
      JsonNode stages = root.path("stages");
      cost.set("stages", stages instanceof ArrayNode ? stages : MAPPER.createArrayNode());
    }
    return MAPPER.treeToValue(root, CarveReport.class);
  }
}
