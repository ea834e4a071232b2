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

  private static final int PINNED = Integer.getInteger("cmoe.pinned", 0);

  @Override
  public Grouping group(Scope scope, LayerActivations activations, SplittableRandom random) {
    NeuronRanking ranking = NeuronRanking.of(activations.meanContribution());
    int[] shared = ranking.highest(layout.sharedWidth());
    int m = layout.expertWidth();
    int pinned = Math.min(PINNED, layout.spec().active());
    java.util.List<int[]> experts = new java.util.ArrayList<>();
    int[] first = ranking.first(layout.sharedWidth() + pinned * m);
    for (int e = 0; e < pinned; e++) {
      int[] ids = java.util.Arrays.copyOfRange(first, layout.sharedWidth() + e * m, layout.sharedWidth() + (e + 1) * m);
      java.util.Arrays.sort(ids);
      experts.add(ids);
    }
    int[] rest = ranking.others(layout.sharedWidth() + pinned * m);
    if (pinned == layout.spec().active()) {
      for (int e = pinned; e < layout.experts(); e++) {
        experts.add(java.util.Arrays.copyOfRange(rest, (e - pinned) * m, (e - pinned + 1) * m));
      }
      return new Grouping(shared, experts, new int[0]);
    }
    try (Scope scratch = scope.child()) {
      Tensor columns = activations.contributions(scratch, rest, MAX_TOKENS);
      FloatRows rows = FloatRows.of(columns.floats(), rest.length, Math.toIntExact(columns.size(1)));
      Clustering clusters =
          new BalancedKMeans(Capacities.even(layout.experts() - pinned, m), random.nextLong(), iterations)
              .cluster(rows);
      experts.addAll(members(rest, clusters.clusterOf(), layout.experts() - pinned));
      return new Grouping(shared, experts, new int[0]);
    }
  }

  /** Tokens that neurons are compared on. */
  private static final int MAX_TOKENS = Integer.getInteger("cmoe.maxTokens", 4096);

  @Override
  public Router route(
      Scope scope, LayerActivations activations, Grouping grouping, ExpertMasses masses, SplittableRandom random) {
    int pinned = Math.min(PINNED, layout.spec().active());
    int hidden = Math.toIntExact(activations.input(0).size(1));
    float[] weight = new float[layout.experts() * hidden];
    float[] bias = new float[layout.experts()];
    for (int e = 0; e < pinned; e++) bias[e] = 10000f;
    if (pinned < layout.spec().active()) {
      try (Scope scratch = scope.child()) {
        dev.cmoe.engine.Kernel k = engine.kernel(LinearRouterFit.class, "routing");
        java.util.List<Tensor> part = masses.masses().stream().map(t -> k.call(scratch, "lastColumns", t, pinned)).toList();
        Router.Linear l = fit.fit(engine, scratch, activations.inputs(), part, layout.spec().active() - pinned, random);
        System.arraycopy(l.weight(), 0, weight, pinned * hidden, l.weight().length);
        System.arraycopy(l.bias(), 0, bias, pinned, l.bias().length);
      }
    }
    return new Router.Linear(weight, bias);
  }

  private static java.util.List<int[]> members(int[] ids, int[] cluster, int count) {
    java.util.List<int[]> all = new java.util.ArrayList<>();
    for (int e = 0; e < count; e++) {
      int f = e;
      all.add(java.util.stream.IntStream.range(0, ids.length).filter(i -> cluster[i] == f).map(i -> ids[i]).toArray());
    }
    return all;
  }
}
