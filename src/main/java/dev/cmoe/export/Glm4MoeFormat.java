package dev.cmoe.export;

import static dev.cmoe.export.TensorList.shape;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.Glm4MoeLayout;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.safetensors.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * {@code Glm4MoeForCausalLM}: a linear router with biases, gates of 1 within about ε/2 of the
 * scores. p = σ(ε s) = 1/2 + ε s/4 + O(ε³), so the choice by p + ε b/4 is that by s + b, and p
 * divided by the mean of the chosen is 1 + ε/2 (s − mean).
 */
public final class Glm4MoeFormat extends SafetensorsFormat {
  /** Below what any expert can have, so a dummy with it is never chosen. */
  private static final float NEVER = -1;

  @Override
  public OutputFormat id() {
    return OutputFormat.GLM4_MOE;
  }

  @Override
  public Optional<String> refusal(ModelOutline model) {
    return Objections.toNative(model)
        .when(model.facts().outputBias(), "its attention has a bias on the output projection")
        .whenSliding(model)
        .first();
  }

  @Override
  public List<String> warnings(ModelOutline model) {
    return model.weights() == DType.F16
        ? List.of(
            "glm4_moe: half precision has few bits for a router this small; load the model in"
                + " float32 or bfloat16")
        : List.of();
  }

  @Override
  public long addedElements(ModelOutline model) {
    MoeShape shape = model.shape();
    long experts = Glm4MoeLayout.experts(shape);
    return model.added(
        (Glm4MoeLayout.sharedUnits(shape) + experts) * Glm4MoeLayout.width(shape),
        experts * (model.config().hidden() + 1),
        model.zeroBiases());
  }

  @Override
  ObjectNode config(ModelOutline model, ObjectNode own) {
    MoeShape shape = model.shape();
    ObjectNode config =
        NativeConfig.of(model, own, Glm4MoeLayout.ARCHITECTURE, Glm4MoeLayout.MODEL_TYPE);
    config.put("intermediate_size", model.config().intermediate());
    // Runtimes have been seen to demand the biases, so they are always there.
    config.put("attention_bias", true);
    config.put("use_qk_norm", model.facts().queryKeyNorm());
    config.put("moe_intermediate_size", Glm4MoeLayout.width(shape));
    config.put("n_routed_experts", Glm4MoeLayout.experts(shape));
    config.put("n_shared_experts", Glm4MoeLayout.sharedUnits(shape));
    config.put("num_experts_per_tok", shape.active());
    config.put("first_k_dense_replace", 0);
    config.put("n_group", 1);
    config.put("topk_group", 1);
    config.put("norm_topk_prob", true);
    config.put("routed_scaling_factor", (double) shape.active());
    config.put("num_nextn_predict_layers", 0);
    // For other readers than transformers.
    config.put("scoring_func", "sigmoid");
    config.put("topk_method", "noaux_tc");
    return config;
  }

  @Override
  List<OutputTensor> tensors(CarvedSource source) {
    TensorList list = new TensorList(source);
    list.embedding();
    for (int i = 0; i < source.config().layers(); i++) {
      list.attention(i, true, false);
      router(list, source, i);
      for (int e = 0; e < Glm4MoeLayout.experts(source.shape()); e++) {
        expert(list, source, i, e);
      }
      shared(list, source, i);
    }
    list.end();
    return list.tensors();
  }

  @Override
  void original(OriginalTensors list) {
    for (int i = 0; i < list.layers(); i++) {
      LayerNames names = new LayerNames(i);
      list.router(
          i,
          Glm4MoeLayout.gate(names, "weight"),
          Epsilon.SIGMOID,
          Glm4MoeLayout.gate(names, "e_score_correction_bias"),
          Epsilon.SIGMOID / 4);
      list.experts(i, (e, projection) -> Glm4MoeLayout.expert(names, e, projection), 1);
      for (String projection : List.of("gate_proj", "up_proj")) {
        list.shared(i, projection, list.written(Glm4MoeLayout.shared(names, projection)));
      }
      list.sharedDown(i, list.written(Glm4MoeLayout.shared(names, "down_proj")), 0, 1);
    }
  }

  private static void router(TensorList list, CarvedSource source, int layer) {
    LayerNames names = new LayerNames(layer);
    int real = source.shape().experts();
    int experts = Glm4MoeLayout.experts(source.shape());
    int hidden = source.config().hidden();
    list.add(
        Glm4MoeLayout.gate(names, "weight"),
        DType.F32,
        shape(experts, hidden),
        () ->
            Floats.bytes(
                Arrays.copyOf(
                    Floats.times(source.model().routerWeight(layer), Epsilon.SIGMOID),
                    experts * hidden)));
    list.add(
        Glm4MoeLayout.gate(names, "e_score_correction_bias"),
        DType.F32,
        shape(experts),
        () -> {
          float[] bias =
              Arrays.copyOf(
                  Floats.times(source.model().routerBias(layer), Epsilon.SIGMOID / 4), experts);
          Arrays.fill(bias, real, experts, NEVER);
          return Floats.bytes(bias);
        });
  }

  private static void expert(TensorList list, CarvedSource source, int layer, int expert) {
    LayerNames names = new LayerNames(layer);
    int width = Glm4MoeLayout.width(source.shape());
    long hidden = source.config().hidden();
    DType pair = source.model().pairType(layer);
    DType down = source.model().downType(layer);
    String gateName = Glm4MoeLayout.expert(names, expert, "gate_proj");
    String upName = Glm4MoeLayout.expert(names, expert, "up_proj");
    String downName = Glm4MoeLayout.expert(names, expert, "down_proj");
    if (expert >= source.shape().experts()) {
      list.zeros(gateName, pair, width, hidden);
      list.zeros(upName, pair, width, hidden);
      list.zeros(downName, down, hidden, width);
      return;
    }
    list.add(
        gateName, pair, shape(width, hidden), () -> source.expertGateRows(layer, expert, width));
    list.add(upName, pair, shape(width, hidden), () -> source.expertUpRows(layer, expert, width));
    list.add(
        downName,
        down,
        shape(hidden, width),
        () -> source.expertDownMatrix(layer, expert).widened(width).parts());
  }

  /** The shared expert, with neurons of zeros up to a multiple of a routed one's width. */
  private static void shared(TensorList list, CarvedSource source, int layer) {
    LayerNames names = new LayerNames(layer);
    MoeShape shape = source.shape();
    int hidden = source.config().hidden();
    int width = Glm4MoeLayout.sharedUnits(shape) * Glm4MoeLayout.width(shape);
    for (String projection : List.of("gate_proj", "up_proj")) {
      list.add(
          Glm4MoeLayout.shared(names, projection),
          source.model().pairType(layer),
          shape(width, hidden),
          () -> source.sharedRows(layer, projection, width));
    }
    list.add(
        Glm4MoeLayout.shared(names, "down_proj"),
        source.model().downType(layer),
        shape(hidden, width),
        () -> source.sharedDownMatrix(layer).widened(width).parts());
  }
}
