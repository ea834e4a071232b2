package dev.cmoe.export;

import static dev.cmoe.export.TensorList.shape;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.AlignedWidth;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.recipe.OutputFormat;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code GraniteMoeSharedForCausalLM}: the k largest scores first, then a softmax over them alone.
 * With scores as small as ε the gates are 1/k exactly, and the routed down-projections are stored
 * times k.
 */
public final class GraniteMoeSharedFormat extends SafetensorsFormat {
  @Override
  public OutputFormat id() {
    return OutputFormat.GRANITEMOESHARED;
  }

  @Override
  public Optional<String> refusal(ModelOutline model) {
    return Objections.toNative(model)
        .when(model.facts().queryKeyNorm(), "its attention normalises queries and keys")
        .whenSliding(model)
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
    boolean queriesOnly = model.facts().queryKeyValueBias() && !model.facts().outputBias();
    return model.added(
        shape.sharedWidth() + (long) shape.experts() * AlignedWidth.of(shape.expertWidth()),
        (long) shape.experts() * model.config().hidden(),
        queriesOnly ? model.config().hidden() : 0);
  }

  private static boolean biased(ModelOutline model) {
    return model.facts().queryKeyValueBias() || model.facts().outputBias();
  }

  @Override
  ObjectNode config(ModelOutline model, ObjectNode own) {
    MoeShape shape = model.shape();
    ObjectNode config =
        NativeConfig.of(model, own, "GraniteMoeSharedForCausalLM", "granitemoeshared");
    config.put("intermediate_size", AlignedWidth.of(shape.expertWidth()));
    config.put("shared_intermediate_size", shape.sharedWidth());
    config.put("num_local_experts", shape.experts());
    config.put("num_experts_per_tok", shape.active());
    config.put("attention_bias", biased(model));
    config.put("attention_multiplier", 1 / Math.sqrt(model.config().headDim()));
    config.put("embedding_multiplier", 1.0);
    config.put("residual_multiplier", 1.0);
    config.put("logits_scaling", 1.0);
    config.put("output_router_logits", false);
    return config;
  }

  @Override
  List<OutputTensor> tensors(CarvedSource source) {
    MoeShape shape = source.shape();
    long hidden = source.config().hidden();
    int width = AlignedWidth.of(shape.expertWidth());
    float epsilon = Epsilon.raw(source.outline());
    TensorList list = new TensorList(source);
    list.embedding();
    for (int i = 0; i < source.config().layers(); i++) {
      int layer = i;
      String prefix = "model.layers." + i + ".";
      list.attention(i, biased(source.outline()), biased(source.outline()));
      list.router(prefix + "block_sparse_moe.router.layer.weight", i, epsilon);
      list.add(
          prefix + "block_sparse_moe.input_linear.weight",
          source.model().pairType(i),
          shape(shape.experts(), 2L * width, hidden),
          () -> pairs(source, layer, width));
      list.add(
          prefix + "block_sparse_moe.output_linear.weight",
          source.model().downType(i),
          shape(shape.experts(), hidden, width),
          () -> downs(source, layer, width));
      if (shape.sharedWidth() > 0) {
        list.add(
            prefix + "shared_mlp.input_linear.weight",
            source.model().pairType(i),
            shape(2L * shape.sharedWidth(), hidden),
            () ->
                Stream.of("gate_proj", "up_proj")
                    .map(part -> source.model().shared(layer, part).orElseThrow())
                    .map(ReadableTensor::bytes)
                    .toArray(ByteBuffer[]::new));
        list.copy(
            prefix + "shared_mlp.output_linear.weight",
            source.model().shared(i, "down_proj").orElseThrow());
      }
    }
    list.end();
    return list.tensors();
  }

  @Override
  void original(OriginalTensors list) {
    MoeShape shape = list.shape();
    int own = shape.expertWidth();
    int width = AlignedWidth.of(own);
    long hidden = list.outline().config().hidden();
    for (int i = 0; i < list.layers(); i++) {
      String prefix = "model.layers." + i + ".";
      String moe = prefix + "block_sparse_moe.";
      list.router(i, moe + "router.layer.weight", Epsilon.raw(list.outline()));
      List<StoredTensor> pairs = new ArrayList<>();
      List<StoredTensor> downs = new ArrayList<>();
      for (int e = 0; e < shape.experts(); e++) {
        pairs.add(list.rows(moe + "input_linear.weight", 2L * e * width, own));
        pairs.add(list.rows(moe + "input_linear.weight", (2L * e + 1) * width, own));
        downs.add(list.rows(moe + "output_linear.weight", e * hidden, hidden));
      }
      list.pairs(i, pairs);
      list.downs(i, downs, shape.active());
      int always = shape.sharedWidth();
      if (always > 0) {
        String both = prefix + "shared_mlp.input_linear.weight";
        list.shared(i, "gate_proj", list.rows(both, 0, always));
        list.shared(i, "up_proj", list.rows(both, always, always));
        list.sharedDown(i, list.written(prefix + "shared_mlp.output_linear.weight"), 0, 1);
      }
    }
  }

  private static ByteBuffer[] pairs(CarvedSource source, int layer, int width) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (int e = 0; e < source.shape().experts(); e++) {
      parts.addAll(List.of(source.expertGateRows(layer, e, width)));
      parts.addAll(List.of(source.expertUpRows(layer, e, width)));
    }
    return parts.toArray(ByteBuffer[]::new);
  }

  private static ByteBuffer[] downs(CarvedSource source, int layer, int width) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (int e = 0; e < source.shape().experts(); e++) {
      parts.add(
          source.expertDownMatrix(layer, e).times(source.shape().active()).widened(width).bytes());
    }
    return parts.toArray(ByteBuffer[]::new);
  }
}
