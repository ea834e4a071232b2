package dev.cmoe.nn;

import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;

/**
 * y = E_shared(z) + Σ g_i E_i(z) over the chosen experts (CMoE 1.8), wherever it was read from.
 * Lists of one tensor or none stand for what may be absent.
 */
final class Mixture implements FeedForward {
  private final Kernel kernel;
  private final Routes routes;
  private final Experts experts;
  private final int activation;
  private final int scalarType;

  /**
   * How gates come from z.
   *
   * @param kind as the kernel numbers them
   * @param parts matrices [E,d] and what goes with them, float32
   * @param selection [E] float32, added for the choice alone
   * @param gateScale none, or u [E] float32
   * @param active experts that a token runs
   */
  record Routes(
      Kind kind, List<Tensor> parts, List<Tensor> selection, List<Tensor> gateScale, int active) {
    /** The kernel knows them by their order. */
    enum Kind {
      NONE,
      BILINEAR,
      LINEAR,
      SIGMOID
    }

    /** For a layer that has shared experts only. */
    static final Routes NONE = new Routes(Kind.NONE, List.of(), List.of(), List.of(), 0);

    /** E; 0 without a router. */
    int experts() {
      return selection.isEmpty() ? 0 : Math.toIntExact(selection.get(0).size(0));
    }
  }

  /**
   * The weights, in the compute type.
   *
   * @param shared inward matrices of the shared experts, or one of both stacked
   * @param sharedDown their down-projection
   * @param sharedBias biases of {@code shared}
   * @param inward [E,2m,d] or [E,m,d], or the inward matrices [m,d] expert after expert
   * @param down [E,d,m], or E matrices [d,m]
   * @param expertBias [E,2m] or [E,m]
   * @param downBias [d]
   * @param width m
   */
  record Experts(
      List<Tensor> shared,
      List<Tensor> sharedDown,
      List<Tensor> sharedBias,
      List<Tensor> inward,
      List<Tensor> down,
      List<Tensor> expertBias,
      List<Tensor> downBias,
      int width) {}

  Mixture(Decoder decoder, Routes routes, Experts experts) {
    this.kernel = decoder.engine().kernel(FeedForward.class, "feedforward");
    this.routes = routes;
    this.experts = experts;
    this.activation = decoder.config().feedForward().activation().code();
    this.scalarType = decoder.weights().type().scalarType();
  }

  @Override
  public Tensor forward(Scope into, Tensor z, Routing routing) {
    try (Scope scratch = into.child()) {
      long start = System.nanoTime();
      Tensor gates =
          kernel.call(
              scratch,
              "gates",
              z,
              routes.kind().ordinal(),
              routes.parts(),
              routes.selection(),
              routes.gateScale(),
              activation,
              routes.active());
      if (routes.kind() != Routes.Kind.NONE) {
        routing.chosen(gates, System.nanoTime() - start);
      }
      return kernel.call(
          into,
          "mixture",
          z,
          experts.shared(),
          experts.sharedDown(),
          experts.sharedBias(),
          experts.inward(),
          experts.down(),
          experts.expertBias(),
          experts.downBias(),
          gates,
          experts.width(),
          activation,
          scalarType);
    }
  }

  Routes routes() {
    return routes;
  }

  Experts experts() {
    return experts;
  }

  @Override
  public String steps() {
    return "mixtureSteps";
  }

  @Override
  public List<Object> stepArguments() {
    return List.of(activation, routes.kind().ordinal(), routes.active(), experts.width());
  }

  @Override
  public List<List<Tensor>> stepTensors() {
    return List.of(
        routes.parts(),
        routes.selection(),
        routes.gateScale(),
        experts.shared(),
        experts.sharedDown(),
        experts.sharedBias(),
        experts.inward(),
        experts.down(),
        experts.expertBias(),
        experts.downBias());
  }
}
