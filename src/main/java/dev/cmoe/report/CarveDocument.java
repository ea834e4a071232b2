package dev.cmoe.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** {@code cmoe.carve/1}: a carve's report, its time and memory last and flattened to the top. */
final class CarveDocument {
  private CarveDocument() {}

  static ObjectNode tree(CarveReport report) {
    ObjectNode root = JsonReport.MAPPER.createObjectNode().put("schema", CarveReport.SCHEMA);
    root.setAll((ObjectNode) JsonReport.MAPPER.valueToTree(report));
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
    peaks(root, cost);
    return root;
  }

  /** Memory and stages, as every report has them. */
  static void peaks(ObjectNode root, RunCost cost) {
    if (cost.peakRssBytes() != null) {
      root.put("peakRssBytes", cost.peakRssBytes());
    }
    if (cost.peakAnonymousBytes() != null) {
      root.put("peakAnonymousBytes", cost.peakAnonymousBytes());
    }
    root.set("stages", JsonReport.MAPPER.valueToTree(cost.stages()));
  }

  static CarveReport parse(ObjectNode root) throws JsonProcessingException {
    ObjectNode record = root.deepCopy();
    if (root.has("seconds")) {
      record.set("cost", cost(root, root.path("seconds").path("total")));
    }
    return JsonReport.MAPPER.treeToValue(record, CarveReport.class);
  }

  /** What {@link RunCost} is read from. */
  static ObjectNode cost(ObjectNode root, JsonNode totalSeconds) {
    ObjectNode cost = JsonReport.MAPPER.createObjectNode();
    cost.set("totalSeconds", totalSeconds);
    cost.set("peakRssBytes", root.get("peakRssBytes"));
    cost.set("peakAnonymousBytes", root.get("peakAnonymousBytes"));
    JsonNode stages = root.path("stages");
    cost.set("stages", stages instanceof ArrayNode ? stages : cost.arrayNode());
    return cost;
  }
}
