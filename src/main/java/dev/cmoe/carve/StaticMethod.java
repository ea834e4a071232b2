package dev.cmoe.carve;

import dev.cmoe.carve.grouping.Grouping;
import dev.cmoe.carve.grouping.NeuronRanking;
import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.carve.routing.ExpertMasses;
import dev.cmoe.carve.routing.Router;
import dev.cmoe.engine.Scope;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * No routing: the (x+y)·m neurons with the largest mean contribution always run. The control that a
 * router has to beat.
 */
record StaticMethod(ExpertLayout layout) implements LayerMethod {
  @Override
  public boolean routes() {
    return false;
  }

  @Override
  public Grouping group(Scope scope, LayerActivations activations, SplittableRandom random) {
    NeuronRanking ranking = NeuronRanking.of(activations.meanContribution());
    int[] rest = ranking.others(layout.budget());
    return new Grouping(
        ranking.highest(layout.budget()), rest.length == 0 ? List.of() : List.of(rest), new int[0]);
  }

  @Override
  public Router route(
      Scope scope,
      LayerActivations activations,
      Grouping grouping,
      Optional<ExpertMasses> outputs,
      SplittableRandom random) {
    return new Router.None();
  }
}
