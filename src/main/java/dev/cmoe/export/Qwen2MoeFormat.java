package dev.cmoe.export;

import static dev.cmoe.export.TensorList.shape;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.AlignedWidth;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.recipe.OutputFormat;
import java.util.List;
import java.util.Optional;

/**
 * {@code Qwen2MoeForCausalLM}. Its gates are a softmax over all scores, normalised over the chosen
 * ({@code norm_topk_prob}): 1/k within ε/k of the scores, so routed down-projections are stored
 * times k. The shared expert has a sigmoid gate; with a weight of zero it is 1/2, so the shared
 * down-projection is stored times 2.
 */
public final class Qwen2MoeFormat extends SafetensorsFormat {
  @Override
  public OutputFormat id() {
    return OutputFormat.QWEN2_MOE;
  }

  @Override
  public Optional<String> refusal(ModelOutline model) {
    return Objections.toNative(model)
        .when(model.facts().outputBias(), "its attention has a bias on the output projection")
        .when(model.facts().queryKeyNorm(), "its attention normalises queries and keys")
        .when(
            model.facts().windows().stream().filter(w -> w > 0).distinct().count() > 1,
            "its layers have sliding windows of different lengths")
        .whenPartlyRotated(model)
        .whenRouterBias(model)
        .first();
  }

  @Override
  public List<String> warnings(ModelOutline model) {
    return ScaledDown.warnings(id(), model);
  }

  @Override
  public long addedElements(ModelOutline model) {
    MoeShape shape = model.shape();
    return model.added(
        sharedWidth(shape) + (long) shape.experts() * AlignedWidth.of(shape.expertWidth()),
        (shape.experts() + 1L) * model.config().hidden(),
        model.zeroBiases());
  }

  /** A shared expert of no neurons is not foreseen; one of zeros does the same. */
  private static int sharedWidth(MoeShape shape) {
    return shape.sharedWidth() > 0 ? shape.sharedWidth() : shape.expertWidth();
  }

  @Override
  ObjectNode config(ModelOutline model, ObjectNode own) {
    MoeShape shape = model.shape();
    ModelFacts facts = model.facts();
    ObjectNode config = NativeConfig.of(model, own, "Qwen2MoeForCausalLM", "qwen2_moe");
    config.put("intermediate_size", model.config().intermediate());
    config.put("moe_intermediate_size", AlignedWidth.of(shape.expertWidth()));
    config.put("shared_expert_intermediate_size", sharedWidth(shape));
    config.put("num_experts", shape.experts());
    config.put("num_experts_per_tok", shape.active());
    config.put("norm_topk_prob", true);
    config.put("decoder_sparse_step", 1);
    config.putArray("mlp_only_layers");
    config.put("qkv_bias", true);
    config.put("use_sliding_window", facts.slides());
    if (facts.slides()) {
      config.put("sliding_window", facts.window());
    } else {
      config.putNull("sliding_window");
    }
    config.put("max_window_layers", model.config().layers());
    // What is derived where this is missing slides in every second layer at most.
    ArrayNode types = config.putArray("layer_types");
    facts.windows().forEach(w -> types.add(w > 0 ? "sliding_attention" : "full_attention"));
    config.put("output_router_logits", false);
    return config;
  }

  @Override
  List<OutputTensor> tensors(CarvedSource source) {
    MoeShape shape = source.shape();
    int hidden = source.config().hidden();
    int shared = sharedWidth(shape);
    TensorList list = new TensorList(source);
    list.embedding();
    for (int i = 0; i < source.config().layers(); i++) {
      int layer = i;
      String prefix = new LayerNames(i).prefix() + "mlp.";
      list.attention(i, true, false);
      list.router(prefix + "gate.weight", i, Epsilon.softmax(source.outline()));
      for (int e = 0; e < shape.experts(); e++) {
        expert(list, source, i, e, prefix + "experts." + e + ".");
      }
      for (String projection : List.of("gate_proj", "up_proj")) {
        list.add(
            prefix + "shared_expert." + projection + ".weight",
            source.model().pairType(i),
            shape(shared, hidden),
            () -> source.sharedRows(layer, projection, shared));
      }
      list.add(
          prefix + "shared_expert.down_proj.weight",
          source.model().downType(i),
          shape(hidden, shared),
          () -> source.sharedDownMatrix(layer).times(2).widened(shared).parts());
      list.zeros(prefix + "shared_expert_gate.weight", source.model().pairType(i), 1, hidden);
    }
    list.end();
    return list.tensors();
  }

  @Override
  void original(OriginalTensors list) {
    for (int i = 0; i < list.layers(); i++) {
      String prefix = new LayerNames(i).prefix() + "mlp.";
      list.router(i, prefix + "gate.weight", Epsilon.softmax(list.outline()));
      list.experts(
          i,
          (e, projection) -> prefix + "experts." + e + "." + projection + ".weight",
          list.shape().active());
      for (String projection : List.of("gate_proj", "up_proj")) {
        String name = prefix + "shared_expert." + projection + ".weight";
        list.shared(i, projection, list.written(name));
      }
      list.sharedDown(i, list.written(prefix + "shared_expert.down_proj.weight"), 0, 2);
    }
  }

  private static void expert(
      TensorList list, CarvedSource source, int layer, int expert, String name) {
    int width = AlignedWidth.of(source.shape().expertWidth());
    long hidden = source.config().hidden();
    list.add(
        name + "gate_proj.weight",
        source.model().pairType(layer),
        shape(width, hidden),
        () -> source.expertGateRows(layer, expert, width));
    list.add(
        name + "up_proj.weight",
        source.model().pairType(layer),
        shape(width, hidden),
        () -> source.expertUpRows(layer, expert, width));
    list.add(
        name + "down_proj.weight",
        source.model().downType(layer),
        shape(hidden, width),
        () ->
            source
                .expertDownMatrix(layer, expert)
                .times(source.shape().active())
                .widened(width)
                .parts());
  }
}
