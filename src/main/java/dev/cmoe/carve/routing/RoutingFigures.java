package dev.cmoe.carve.routing;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * How well a router's choice does beside the oracle, which picks each token's k experts of largest
 * mass.
 *
 * @param massCaptured mass of the chosen over the mass of the oracle's
 * @param chanceMass the same for k experts drawn at random
 * @param oracleOverlap mean share of the oracle's k that was chosen
 * @param load share of tokens that run each expert; sums to k
 */
@SuppressWarnings("ArrayRecordComponent")
public record RoutingFigures(
    double massCaptured, double chanceMass, double oracleOverlap, double[] load) {

  /** Over batches of masses and gates, both [n,E]. */
  public static RoutingFigures of(
      Engine engine, Scope parent, List<Tensor> masses, List<Tensor> gates, int active) {
    Kernel kernel = engine.kernel(RoutingFigures.class, "routing");
    int experts = Math.toIntExact(masses.get(0).size(1));
    double[] sums = new double[4 + experts];
    long tokens = 0;
    for (int b = 0; b < masses.size(); b++) {
      try (Scope scope = parent.child()) {
        double[] part =
            kernel.call(scope, "figures", masses.get(b), gates.get(b), active).toDoubles();
        for (int i = 0; i < part.length; i++) {
          sums[i] += part[i];
        }
        tokens += masses.get(b).size(0);
      }
    }
    double rows = tokens;
    double best = Math.max(sums[1], Double.MIN_NORMAL);
    return new RoutingFigures(
        sums[0] / best,
        sums[2] * active / experts / best,
        sums[3] / (rows * active),
        Arrays.stream(sums, 4, sums.length).map(count -> count / rows).toArray());
  }
}
