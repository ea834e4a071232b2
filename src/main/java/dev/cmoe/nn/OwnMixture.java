package dev.cmoe.nn;

import dev.cmoe.arch.FeedForwardSpec;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;

/** Reads a mixture from the own format. */
final class OwnMixture {
  private final Weights weights;
  private final Scope scope;
  private final MoeShape shape;
  private final LayerNames names;
  private final FeedForwardSpec block;
  private final long hidden;

  private OwnMixture(Decoder decoder, MoeShape shape, int index, Scope scope) {
    this.weights = decoder.weights();
    this.scope = scope;
    this.shape = shape;
    this.names = new LayerNames(index);
    this.block = decoder.config().feedForward();
    this.hidden = decoder.config().hidden();
  }

  /** The block of layer {@code index}, its weights owned by {@code scope}. */
  static Mixture load(Decoder decoder, int index, Scope scope) {
    OwnMixture from = new OwnMixture(decoder, decoder.moe().orElseThrow(), index, scope);
    return new Mixture(decoder, from.routes(), from.experts());
  }

  private Mixture.Routes routes() {
    if (shape.router() == RouterKind.NONE) {
      return Mixture.Routes.NONE;
    }
    boolean linear = shape.router() == RouterKind.LINEAR;
    long experts = shape.experts();
    return new Mixture.Routes(
        linear ? Mixture.Routes.Kind.LINEAR : Mixture.Routes.Kind.BILINEAR,
        linear
            ? List.of(
                weights.loadFloat(scope, OwnLayout.router(names, "weight"), experts, hidden),
                weights.loadFloat(scope, OwnLayout.router(names, "bias"), experts))
            : OwnLayout.routerRows(block).stream()
                .map(
                    part ->
                        weights.loadFloat(scope, OwnLayout.router(names, part), experts, hidden))
                .toList(),
        List.of(weights.loadFloat(scope, OwnLayout.router(names, "selection_bias"), experts)),
        shape.gateScaled()
            ? List.of(weights.loadFloat(scope, OwnLayout.router(names, "gate_scale"), experts))
            : List.of(),
        shape.active());
  }

  private Mixture.Experts experts() {
    long always = shape.sharedWidth();
    List<String> projections = always == 0 ? List.of() : OwnLayout.inward(block);
    boolean routed = shape.router() != RouterKind.NONE;
    long experts = shape.experts();
    long rows = (long) block.inward() * shape.expertWidth();
    return new Mixture.Experts(
        weights.stacked(
            scope,
            projections.stream()
                .map(name -> OwnLayout.shared(names, name, "weight"))
                .map(name -> weights.tensors().tensor(name, always, hidden))
                .toList()),
        some(always > 0, OwnLayout.shared(names, "down_proj", "weight"), hidden, always),
        block.bias()
            ? projections.stream()
                .map(name -> load(OwnLayout.shared(names, name, "bias"), always))
                .toList()
            : List.of(),
        some(
            routed, OwnLayout.experts(names, OwnLayout.expertInward(block)), experts, rows, hidden),
        some(routed, OwnLayout.experts(names, "down_proj"), experts, hidden, shape.expertWidth()),
        routed && block.bias()
            ? List.of(
                load(OwnLayout.experts(names, OwnLayout.expertInwardBias(block)), experts, rows))
            : List.of(),
        some(block.bias(), OwnLayout.downBias(names), hidden),
        shape.expertWidth());
  }

  private List<Tensor> some(boolean present, String name, long... dimensions) {
    return present ? List.of(load(name, dimensions)) : List.of();
  }

  private Tensor load(String name, long... dimensions) {
    return weights.load(scope, name, dimensions);
  }
}
