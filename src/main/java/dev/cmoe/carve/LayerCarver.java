package dev.cmoe.carve;

import dev.cmoe.carve.compensation.DownProjectionRefit;
import dev.cmoe.carve.grouping.Grouping;
import dev.cmoe.carve.profile.FeedForwardWeights;
import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.carve.routing.ExpertMasses;
import dev.cmoe.carve.routing.Router;
import dev.cmoe.carve.routing.RouterScores;
import dev.cmoe.carve.routing.RoutingFigures;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.MappedFiles.StoredType;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.DecoderLayer;
import dev.cmoe.nn.DenseFeedForward;
import dev.cmoe.nn.HiddenStates;
import dev.cmoe.run.CmoeException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/**
 * Carves one layer at a time: profile, group, route, compensate, and move the calibration tokens
 * through the carved layer.
 */
final class LayerCarver {
  /** Rates are counted for the neurons among this many largest contributions of a token. */
  private final int kAct;

  private final Engine engine;
  private final ExpertLayout layout;
  private final LayerMethod method;
  private final Optional<DownProjectionRefit> refit;
  private final ComputeType type;
  private final Kernel kernel;

  LayerCarver(
      Engine engine,
      ExpertLayout layout,
      LayerMethod method,
      Optional<DownProjectionRefit> refit,
      ComputeType type,
      int kAct) {
    this.engine = engine;
    this.layout = layout;
    this.method = method;
    this.refit = refit;
    this.type = type;
    this.kAct = kAct;
    this.kernel = engine.kernel(LayerActivations.class, "profile");
  }

  /**
   * @param plan what was decided
   * @param findings what was measured
   * @param layer the result, runnable while the scope that it was made in is open
   */
  record Outcome(LayerPlan plan, LayerFindings findings, CarvedLayer layer) {}

  /**
   * Carves {@code layer}. {@code states} come in as its input and leave as the carved layer's
   * output.
   *
   * @param scope holds the layer and what is made here
   * @param stored type that the down-projection is stored in; the refitted one is rounded to it
   *     before it is used
   * @param check whether to compare all experts on with the dense block
   */
  Outcome carve(
      Scope scope,
      DecoderLayer layer,
      HiddenStates states,
      StoredType stored,
      SplittableRandom random,
      boolean check) {
    long start = System.nanoTime();
    DenseFeedForward dense = (DenseFeedForward) layer.feedForward();
    FeedForwardWeights weights = new FeedForwardWeights(engine, scope, dense, type, layout.width());
    LayerActivations activations =
        LayerActivations.record(engine, scope, layer, weights, states, method.unitMarkers());
    double[] rates = activations.rates(kAct);

    Grouping grouping = method.group(scope, activations, random.split());
    // From here on the weights are in expert order, so what the check compares with comes first.
    Optional<Tensor> reference =
        check ? Optional.of(dense.forward(scope, activations.input(0))) : Optional.empty();
    activations.reorder(Orders.of(grouping));
    int shared = grouping.shared().length;
    int experts = grouping.experts().size();
    boolean early = !method.routesByOutputs();
    Router router = new Router.None();
    RouterScores scores = null;
    List<Tensor> gates = List.of();
    if (early) {
      router = route(scope, activations, grouping, Optional.empty(), random);
      scores = scores(scope, activations, router, experts);
      gates = gates(scope, activations, scores);
    }
    ExpertMasses masses =
        ExpertMasses.measure(
            engine,
            scope,
            activations,
            shared,
            experts,
            early && refit.isEmpty() ? Optional.of(gates) : Optional.empty(),
            !early);
    if (!early) {
      router = route(scope, activations, grouping, Optional.of(masses), random);
      scores = scores(scope, activations, router, experts);
      gates = gates(scope, activations, scores);
    }
    OptionalDouble difference =
        reference.isPresent()
            ? OptionalDouble.of(difference(scope, reference.get(), activations, masses))
            : OptionalDouble.empty();
    Optional<RoutingFigures> routing =
        method.routes()
            ? Optional.of(
                RoutingFigures.of(engine, scope, masses.masses(), gates, layout.spec().active()))
            : Optional.empty();

    List<Tensor> chosen = gates;
    Tensor down =
        method.routes()
            ? weights.down()
            : kernel.call(scope, "firstColumns", weights.down(), shared);
    OptionalDouble strength = OptionalDouble.empty();
    Optional<float[]> replaced = Optional.empty();
    if (refit.isPresent()) {
      try (Scope scratch = scope.child()) {
        Tensor start32 = kernel.call(scratch, "toFloat", down);
        DownProjectionRefit.Result result =
            refit
                .get()
                .fit(
                    scratch,
                    start32,
                    (into, b) ->
                        CarvedLayer.running(
                            kernel,
                            into,
                            activations.hidden(b),
                            chosen.get(b),
                            shared,
                            method.routes()),
                    masses.outputs());
        down = kernel.call(scope, "rounded", result.down(), stored.scalarType());
        strength = OptionalDouble.of(result.strength());
        replaced = Optional.of(down.toFloats());
      }
    }

    CarvedLayer carved = new CarvedLayer(engine, weights, scores, down, shared, method.routes());
    double error = advance(scope, layer, states, activations, masses, gates, carved);
    LayerFindings findings =
        new LayerFindings(
            routing, error, strength, rates, difference, (System.nanoTime() - start) / 1e9);
    return new Outcome(new LayerPlan(grouping, router, replaced), findings, carved);
  }

  private Router route(
      Scope scope,
      LayerActivations activations,
      Grouping grouping,
      Optional<ExpertMasses> outputs,
      SplittableRandom random) {
    return method.routes()
        ? method.route(scope, activations, grouping, outputs, random.split())
        : new Router.None();
  }

  private RouterScores scores(
      Scope scope, LayerActivations activations, Router router, int experts) {
    int hidden = Math.toIntExact(activations.input(0).size(1));
    return new RouterScores(
        engine,
        scope,
        router,
        activations.weights().activation(),
        hidden,
        experts,
        layout.spec().active());
  }

  private static List<Tensor> gates(
      Scope scope, LayerActivations activations, RouterScores scores) {
    return activations.inputs().stream().map(z -> scores.gates(scope, z)).toList();
  }

  /**
   * Adds the carved outputs to the residuals in {@code states}; returns the relative squared error
   * of the outputs. Those in {@code masses} are used up: they may be written over.
   */
  private double advance(
      Scope scope,
      DecoderLayer layer,
      HiddenStates states,
      LayerActivations activations,
      ExpertMasses masses,
      List<Tensor> gates,
      CarvedLayer carved) {
    double[] sums = new double[2];
    for (int b = 0; b < states.size(); b++) {
      int batch = b;
      states.replace(
          b,
          (scratch, residual) -> {
            Tensor y =
                masses.carved().isEmpty()
                    ? carved.output(scratch, activations.hidden(batch), gates.get(batch))
                    : carved.withBias(scratch, masses.carved().get(batch));
            double[] part =
                kernel
                    .call(
                        scratch,
                        "error",
                        y,
                        masses.outputs().get(batch),
                        activations.weights().downBias())
                    .toDoubles();
            sums[0] += part[0];
            sums[1] += part[1];
            return layer.add(scratch, residual, y);
          });
    }
    return sums[0] / Math.max(sums[1], Double.MIN_NORMAL);
  }

  /**
   * All experts on must be the dense block, to rounding: the guard against every mistake in order
   * and slicing.
   */
  private double difference(
      Scope scope, Tensor y, LayerActivations activations, ExpertMasses masses) {
    try (Scope scratch = scope.child()) {
      double[] largest =
          kernel
              .call(
                  scratch,
                  "largestDifference",
                  y,
                  masses.outputs().get(0),
                  activations.weights().downBias())
              .toDoubles();
      double difference = largest[0] / Math.max(largest[1], Double.MIN_NORMAL);
      double allowed = type == ComputeType.FLOAT32 ? 1e-4 : 5e-2;
      if (!(difference <= allowed)) {
        throw CmoeException.verification(
            "with all experts on, the first layer differs from the dense one by "
                + difference
                + " of its largest output; at most "
                + allowed
                + " is rounding. This is a defect in cmoe");
      }
      return difference;
    }
  }
}
