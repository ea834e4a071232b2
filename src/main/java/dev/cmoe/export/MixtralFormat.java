package dev.cmoe.export;

import static dev.cmoe.export.TensorList.shape;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.AlignedWidth;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.recipe.OutputFormat;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code MixtralForCausalLM}: it has no shared expert, so the shared neurons are copied into every
 * routed one. The gates sum to 1, so the copies add up to the shared expert exactly; the routed
 * columns are stored times k. Gates are 1/k within ε/k of the scores.
 */
public final class MixtralFormat extends SafetensorsFormat {
  /** What the architecture calls an expert's projections. */
  private static final Map<String, String> NAMES =
      Map.of("gate_proj", "w1", "up_proj", "w3", "down_proj", "w2");

  @Override
  public OutputFormat id() {
    return OutputFormat.MIXTRAL;
  }

  @Override
  public Optional<String> refusal(ModelOutline model) {
    return Objections.toNative(model)
        .when(
            model.facts().queryKeyValueBias() || model.facts().outputBias(),
            "its attention has biases")
        .when(model.facts().queryKeyNorm(), "its attention normalises queries and keys")
        .when(!model.facts().evenWindows(), "not all of its layers have the same sliding window")
        .whenPartlyRotated(model)
        .whenRouterBias(model)
        .first();
  }

  /** Elements of the copies of the shared expert. */
  private static long copied(ModelOutline model) {
    MoeShape shape = model.shape();
    return 3L
        * model.config().layers()
        * model.config().hidden()
        * shape.sharedWidth()
        * (shape.experts() - 1);
  }

  @Override
  public List<String> warnings(ModelOutline model) {
    List<String> warnings = new ArrayList<>(ScaledDown.warnings(id(), model));
    long copied = copied(model);
    warnings.add(
        String.format(
            Locale.ROOT,
            "mixtral has no shared expert: copying the shared neurons into each of %d experts adds %,d parameters, %,d bytes, and each token runs them %d times",
            model.shape().experts(),
            copied,
            copied * model.weights().bytes(),
            model.shape().active()));
    return warnings;
  }

  @Override
  public long addedElements(ModelOutline model) {
    MoeShape shape = model.shape();
    return model.added(
        (long) shape.experts() * width(shape), (long) shape.experts() * model.config().hidden(), 0);
  }

  @Override
  ObjectNode config(ModelOutline model, ObjectNode own) {
    MoeShape shape = model.shape();
    ModelFacts facts = model.facts();
    ObjectNode config = NativeConfig.of(model, own, "MixtralForCausalLM", "mixtral");
    config.put("intermediate_size", width(shape));
    config.put("num_local_experts", shape.experts());
    config.put("num_experts_per_tok", shape.active());
    if (facts.slides()) {
      config.put("sliding_window", facts.window());
    } else {
      config.putNull("sliding_window");
    }
    config.put("output_router_logits", false);
    config.put("router_jitter_noise", 0.0);
    return config;
  }

  @Override
  List<OutputTensor> tensors(CarvedSource source) {
    MoeShape shape = source.shape();
    long hidden = source.config().hidden();
    int width = width(shape);
    TensorList list = new TensorList(source);
    list.embedding();
    for (int i = 0; i < source.config().layers(); i++) {
      int layer = i;
      String prefix = "model.layers." + i + ".block_sparse_moe.";
      list.attention(i, false, false);
      list.router(prefix + "gate.weight", i, Epsilon.softmax(source.outline()));
      for (int e = 0; e < shape.experts(); e++) {
        int expert = e;
        String name = prefix + "experts." + e + ".";
        list.add(
            name + "w1.weight",
            source.model().pairType(i),
            shape(width, hidden),
            () ->
                followed(
                    source.model().expertGate(layer, expert), source, layer, "gate_proj", width));
        list.add(
            name + "w2.weight",
            source.model().downType(i),
            shape(hidden, width),
            () ->
                source
                    .expertDownMatrix(layer, expert)
                    .times(shape.active())
                    .beside(source.sharedDownMatrix(layer))
                    .widened(width)
                    .parts());
        list.add(
            name + "w3.weight",
            source.model().pairType(i),
            shape(width, hidden),
            () ->
                followed(source.model().expertUp(layer, expert), source, layer, "up_proj", width));
      }
    }
    list.end();
    return list.tensors();
  }

  /** Of the copies of the shared expert the first is taken. */
  @Override
  void original(OriginalTensors list) {
    MoeShape shape = list.shape();
    int width = shape.expertWidth();
    for (int i = 0; i < list.layers(); i++) {
      String prefix = "model.layers." + i + ".block_sparse_moe.";
      list.router(i, prefix + "gate.weight", Epsilon.softmax(list.outline()));
      list.experts(
          i,
          (e, projection) -> prefix + "experts." + e + "." + NAMES.get(projection) + ".weight",
          shape.active());
      String first = prefix + "experts.0.";
      list.shared(i, "gate_proj", list.rows(first + "w1.weight", width, shape.sharedWidth()));
      list.shared(i, "up_proj", list.rows(first + "w3.weight", width, shape.sharedWidth()));
      list.sharedDown(i, list.written(first + "w2.weight"), width, 1);
    }
  }

  /** Neurons of an expert: a routed one's, the shared ones, zeros. */
  private static int width(MoeShape shape) {
    return AlignedWidth.of(shape.expertWidth() + shape.sharedWidth());
  }

  /** The rows of a routed expert, then those of the shared one, then zeros up to {@code width}. */
  private static ByteBuffer[] followed(
      ByteBuffer routed, CarvedSource source, int layer, String projection, int width) {
    int rest = width - source.shape().expertWidth();
    return Stream.concat(Stream.of(routed), Stream.of(source.sharedRows(layer, projection, rest)))
        .toArray(ByteBuffer[]::new);
  }
}
