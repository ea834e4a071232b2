package dev.cmoe.carve;

import dev.cmoe.carve.grouping.BalancedKMeans;
import dev.cmoe.carve.grouping.Capacities;
import dev.cmoe.carve.grouping.Clustering;
import dev.cmoe.carve.grouping.FloatRows;
import dev.cmoe.carve.grouping.Grouping;
import dev.cmoe.carve.grouping.NeuronRanking;
import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.carve.routing.ExpertMasses;
import dev.cmoe.carve.routing.LinearRouterFit;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.SplittableRandom;

/** Groups by contribution and a linear router fitted to the experts' masses (design: preset fitted). */
record FittedMethod(Engine engine, ExpertLayout layout, int iterations, LinearRouterFit fit) implements LayerMethod {
  @Override
  public boolean routes() {
    return true;
  }

  @Override
  public Grouping group(Scope scope, LayerActivations activations, SplittableRandom random) {
    NeuronRanking ranking = NeuronRanking.of(activations.meanContribution());
    int[] shared = ranking.highest(layout.sharedWidth());
    int[] rest = ranking.others(layout.sharedWidth());
    try (Scope scratch = scope.child()) {
      Tensor columns = activations.contributions(scratch, rest, MAX_TOKENS);
      FloatRows rows = FloatRows.of(columns.floats(), rest.length, Math.toIntExact(columns.size(1)));
      Clustering clusters =
          new BalancedKMeans(Capacities.even(layout.experts(), layout.expertWidth()), random.nextLong(), iterations)
              .cluster(rows);
      return Grouping.of(shared, rest, clusters.clusterOf(), layout.experts());
    }
  }

  /** Tokens that neurons are compared on. */
  private static final int MAX_TOKENS = 4096;

  @Override
  public Router route(
      Scope scope, LayerActivations activations, Grouping grouping, ExpertMasses masses, SplittableRandom random) {
    return fit.fit(engine, scope, activations.inputs(), masses.masses(), layout.spec().active(), random);
  }
}
