package dev.cmoe.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code cmoe.finetune/1}: a fine-tuning's report with set-up, extent, time and cost flattened to
 * the top, and the documents of what came before it as they were.
 */
final class FinetuneDocument {
  private static final JsonMapper MAPPER = JsonReport.MAPPER;

  private FinetuneDocument() {}

  static ObjectNode tree(FinetuneReport report) {
    ObjectNode root = MAPPER.createObjectNode().put("schema", FinetuneReport.SCHEMA);
    root.setAll((ObjectNode) MAPPER.valueToTree(report.setup()));
    root.setAll((ObjectNode) MAPPER.valueToTree(report.extent()));
    if (report.perplexity() != null) {
      root.set("perplexity", MAPPER.valueToTree(report.perplexity()));
    }
    if (report.expertLoad() != null) {
      root.set("imbalance", imbalance(report.expertLoad()));
      root.set("expertLoad", MAPPER.valueToTree(report.expertLoad()));
    }
    root.set("curve", MAPPER.valueToTree(report.curve()));
    root.set("modelParameters", MAPPER.valueToTree(report.modelParameters()));
    root.set("warnings", MAPPER.valueToTree(report.warnings()));
    if (report.time() != null) {
      root.setAll((ObjectNode) MAPPER.valueToTree(report.time()));
    }
    if (report.cost() != null) {
      root.put("seconds", report.cost().totalSeconds());
      CarveDocument.peaks(root, report.cost());
    }
    if (!report.earlier().isEmpty()) {
      ArrayNode earlier = root.putArray("earlier");
      report.earlier().forEach(each -> earlier.add(tree(each)));
    }
    if (report.carve() != null) {
      root.set("carve", CarveDocument.tree(report.carve()));
    }
    return root;
  }

  /** Derived from the loads, for those who do not want to count. */
  private static ObjectNode imbalance(ExpertLoads loads) {
    ObjectNode imbalance = MAPPER.createObjectNode();
    loads.imbalanceBefore().ifPresent(value -> imbalance.put("before", value));
    loads.imbalanceAfter().ifPresent(value -> imbalance.put("after", value));
    ArrayNode layers = imbalance.putArray("layers");
    List<LayerLoad> after = loads.sharesAfter();
    for (int i = 0; i < after.size(); i++) {
      layers
          .addObject()
          .put("index", after.get(i).index())
          .put("before", loads.sharesBefore().get(i).imbalance())
          .put("after", after.get(i).imbalance());
    }
    return imbalance;
  }

  static FinetuneReport parse(ObjectNode root) throws JsonProcessingException {
    List<FinetuneReport> earlier = new ArrayList<>();
    for (JsonNode each : root.path("earlier")) {
      earlier.add(parse(object(each, "earlier")));
    }
    return new FinetuneReport(
        MAPPER.treeToValue(root, FinetuneSetup.class),
        MAPPER.treeToValue(root, TrainingExtent.class),
        part(root, "perplexity", FinetunePerplexity.class),
        part(root, "expertLoad", ExpertLoads.class),
        part(root, "curve", TrainingCurve.class),
        part(root, "modelParameters", ParameterCounts.class),
        root.has("trainingSeconds") ? MAPPER.treeToValue(root, TrainingTime.class) : null,
        List.of(MAPPER.treeToValue(root.withArray("warnings"), String[].class)),
        root.has("seconds")
            ? MAPPER.treeToValue(CarveDocument.cost(root, root.get("seconds")), RunCost.class)
            : null,
        earlier,
        root.has("carve") ? CarveDocument.parse(object(root.get("carve"), "carve")) : null);
  }

  private static <T> T part(ObjectNode root, String name, Class<T> type)
      throws JsonProcessingException {
    return root.hasNonNull(name) ? MAPPER.treeToValue(root.get(name), type) : null;
  }

  private static ObjectNode object(JsonNode node, String name) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException(name + " is no object");
  }
}
