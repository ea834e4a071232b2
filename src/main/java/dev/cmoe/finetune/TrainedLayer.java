package dev.cmoe.finetune;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.FeedForwardSpec;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.Residual;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.Rotary;
import dev.cmoe.nn.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One decoder layer in training: frozen weights, owned by the scope it was loaded into, and the
 * layer's trained parameters. {@link #backward} computes the layer again from its input, so nothing
 * is kept between the two passes.
 *
 * <p><b>Routers.</b> The forward pass is inference's: the k best experts run, with gates that do
 * not depend on the score (but for u). So the choice has no gradient, and one is lent to it
 * (straight through): experts are chosen as if by p = σ(s - t), t half-way between the score of the
 * last chosen expert and the first left out, and dp/ds is used for d gate/ds. What the gradient of
 * a gate is must be known for an expert that does not run, too, or the router could only learn to
 * drop experts: so while gradients are computed the first one left out runs as well, with gate 0.
 * It is the only one that a small change of scores can bring in, so the estimate is that of the
 * swap which is at stake, at the cost of one more expert a token. A soft top-k would let experts
 * run in training that inference leaves out; σ with width 1 suits scores that were fitted as
 * logits, as those of linear routers are.
 */
final class TrainedLayer {
  /**
   * @param y output of the layer [B,T,d]
   * @param chosen tokens that chose each routed expert
   */
  record Output(Tensor y, long[] chosen) {}

  private final Kernel kernel;
  private final Decoder decoder;
  private final int index;
  private final LoraSpec lora;
  private final boolean routed;
  private final Map<String, Tensor> trained;
  private final Map<String, Tensor> fixed = new LinkedHashMap<>();
  private final List<Tensor> norm;
  private final List<Tensor> projections;
  private final List<Tensor> biases;
  private final List<Tensor> headNorms;
  private final List<Tensor> after;
  private final List<Tensor> blockNorm;
  private final List<Tensor> blockAfter;
  private List<Tensor> shared = List.of();
  private List<Tensor> sharedDown = List.of();
  private List<Tensor> sharedBias = List.of();
  private List<Tensor> inward = List.of();
  private List<Tensor> down = List.of();
  private List<Tensor> expertBias = List.of();
  private List<Tensor> downBias = List.of();
  private List<Tensor> selection = List.of();

  /**
   * @param trained the layer's parameters by name
   * @param selectionBias of the routed experts, [E]
   */
  TrainedLayer(
      Decoder decoder,
      int index,
      LoraSpec lora,
      Map<String, Tensor> trained,
      float[] selectionBias,
      Scope scope) {
    this.kernel = decoder.engine().kernel(TrainedLayer.class, "layer");
    this.decoder = decoder;
    this.index = index;
    this.lora = lora;
    this.trained = trained;
    LayerLayout layout = decoder.config().layout().layer(index);
    Weights weights = decoder.weights();
    norm = decoder.norm(scope, layout.inputNorm());
    projections = weights.load(scope, layout.projections());
    biases = weights.load(scope, layout.biases());
    headNorms = decoder.norm(scope, layout.headNorms());
    after = decoder.norm(scope, layout.afterAttentionNorm());
    blockNorm = decoder.norm(scope, layout.feedForwardNorm());
    blockAfter = decoder.norm(scope, layout.afterFeedForwardNorm());
    routed = decoder.moe().isPresent() && decoder.moe().get().router() != RouterKind.NONE;
    if (decoder.moe().isPresent()) {
      loadShared(scope, decoder.moe().get());
    } else {
      shared = weights.load(scope, layout.inward());
      sharedDown = List.of(weights.load(scope, layout.down()));
      sharedBias =
          Stream.of(layout.inwardBiases(), layout.downBias())
              .flatMap(parts -> weights.load(scope, parts).stream())
              .toList();
    }
    if (routed) {
      loadExperts(scope, decoder.moe().get());
      selection = List.of(scope.of(selectionBias, selectionBias.length));
    }
  }

  private void loadShared(Scope scope, MoeShape shape) {
    Weights weights = decoder.weights();
    LayerNames names = new LayerNames(index);
    FeedForwardSpec block = decoder.config().feedForward();
    long hidden = decoder.config().hidden();
    long always = shape.sharedWidth();
    if (block.bias()) {
      downBias = List.of(weights.load(scope, OwnLayout.downBias(names), hidden));
    }
    if (always == 0) {
      return;
    }
    shared =
        OwnLayout.inward(block).stream()
            .map(name -> OwnLayout.shared(names, name, "weight"))
            .map(name -> weights.load(scope, name, always, hidden))
            .toList();
    sharedDown =
        List.of(
            weights.load(scope, OwnLayout.shared(names, "down_proj", "weight"), hidden, always));
    if (block.bias()) {
      sharedBias =
          OwnLayout.inward(block).stream()
              .map(name -> weights.load(scope, OwnLayout.shared(names, name, "bias"), always))
              .toList();
    }
  }

  private void loadExperts(Scope scope, MoeShape shape) {
    Weights weights = decoder.weights();
    LayerNames names = new LayerNames(index);
    FeedForwardSpec block = decoder.config().feedForward();
    long hidden = decoder.config().hidden();
    long experts = shape.experts();
    long width = shape.expertWidth();
    long rows = block.inward() * width;
    String in = OwnLayout.experts(names, OwnLayout.expertInward(block));
    inward = List.of(weights.load(scope, in, experts, rows, hidden));
    down =
        List.of(weights.load(scope, OwnLayout.experts(names, "down_proj"), experts, hidden, width));
    if (block.bias()) {
      String bias = OwnLayout.experts(names, OwnLayout.expertInwardBias(block));
      expertBias = List.of(weights.load(scope, bias, experts, rows));
    }
    if (!trained.containsKey("router.0")) {
      loadRouter(scope, shape);
    }
    if (shape.gateScaled() && !trained.containsKey("gate_scale")) {
      fixed.put(
          "gate_scale", weights.loadFloat(scope, OwnLayout.router(names, "gate_scale"), experts));
    }
  }

  private void loadRouter(Scope scope, MoeShape shape) {
    LayerNames names = new LayerNames(index);
    long experts = shape.experts();
    long hidden = decoder.config().hidden();
    boolean linear = shape.router() == RouterKind.LINEAR;
    List<String> parts =
        linear ? List.of("weight", "bias") : OwnLayout.routerRows(decoder.config().feedForward());
    for (int i = 0; i < parts.size(); i++) {
      long[] dimensions = linear && i == 1 ? new long[] {experts} : new long[] {experts, hidden};
      fixed.put(
          "router." + i,
          decoder.weights().loadFloat(scope, OwnLayout.router(names, parts.get(i)), dimensions));
    }
  }

  /** The layer as inference runs it, with what has been trained so far; x [B,T,d] float32. */
  Output forward(Scope into, Tensor x) {
    return forward(into, x, 0);
  }

  /**
   * The layer as it is trained.
   *
   * @param seed of what is left out by dropout
   */
  Output forwardInTraining(Scope into, Tensor x, long seed) {
    if (lora.dropout() > 0) {
      decoder.engine().seed(seed);
    }
    return forward(into, x, lora.dropout());
  }

  private Output forward(Scope into, Tensor x, double dropout) {
    try (Scope scratch = into.child()) {
      Map<String, Tensor> own = new LinkedHashMap<>(fixed);
      own.putAll(trained);
      List<Object> arguments = new ArrayList<>(List.of(x, own, false, dropout, lora.scale()));
      arguments.addAll(frozen(x));
      Tensor[] both = kernel.callAll(scratch, "forward", arguments.toArray());
      return new Output(into.keep(both[0]), both[1].toLongs());
    }
  }

  /**
   * Gradients of a layer.
   *
   * @param input at x [B,T,d]; none for the first layer, below which nothing is trained
   * @param trained at each trained parameter, in the order of their map
   */
  record Gradients(Optional<Tensor> input, List<Tensor> trained) {}

  /**
   * Computes the layer again, and its gradients.
   *
   * @param gradient at the output, [B,T,d]
   * @param seed that of the forward pass
   */
  Gradients backward(Scope into, Tensor x, Tensor gradient, long seed) {
    if (lora.dropout() > 0) {
      decoder.engine().seed(seed);
    }
    boolean atInput = index > 0;
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                gradient,
                trained,
                fixed,
                x,
                atInput,
                trained.containsKey("router.0"),
                lora.dropout(),
                lora.scale()));
    arguments.addAll(frozen(x));
    List<Tensor> all = List.of(kernel.differentiate(into, "backward", arguments.toArray()));
    return atInput
        ? new Gradients(Optional.of(all.get(0)), all.subList(1, all.size()))
        : new Gradients(Optional.empty(), all);
  }

  private List<Object> frozen(Tensor x) {
    DecoderConfig config = decoder.config();
    Rotary rotary = decoder.rotary(index, Math.toIntExact(x.size(1)));
    return List.of(
        norm,
        projections,
        biases,
        headNorms,
        after,
        rotary.cos(),
        rotary.sin(),
        blockNorm,
        blockAfter,
        shared,
        sharedDown,
        sharedBias,
        inward,
        down,
        expertBias,
        downBias,
        selection,
        config.norm().epsilon(),
        config.heads(),
        config.keyValueHeads(),
        config.attention().scale(),
        config.attention().softCap(),
        config.attention().window(index),
        config.residual() == Residual.PARALLEL,
        decoder.moe().map(MoeShape::router).orElse(RouterKind.NONE) == RouterKind.LINEAR,
        config.feedForward().activation().code(),
        decoder.moe().map(MoeShape::active).orElse(0),
        decoder.weights().type().scalarType());
  }
}
