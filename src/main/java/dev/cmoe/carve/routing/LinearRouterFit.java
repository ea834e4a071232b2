package dev.cmoe.carve.routing;

import dev.cmoe.carve.Router;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Fits a linear router to the experts' masses: ridge regression as the start, then logistic steps on "is e among the token's best k",
 * each term weighted by how much that expert differs from the token's mean. Only the router is fitted; nothing flows through the model.
 *
 * @param steps logistic steps
 * @param rate Adam's learning rate
 * @param batch tokens a step
 * @param ridge strength of the start, relative to the mean diagonal
 */
public record LinearRouterFit(int steps, double rate, int batch, double ridge) {

  /**
   * @param inputs z per batch [n,d]
   * @param masses M per batch [n,E]
   * @param active k
   */
  public Router.Linear fit(Engine engine, Scope parent, List<Tensor> inputs, List<Tensor> masses, int active, SplittableRandom random) {
    Kernel kernel = engine.kernel(LinearRouterFit.class, "routing");
    try (Scope scope = parent.child()) {
      Tensor z = kernel.call(scope, "joined", inputs);
      Tensor mass = kernel.call(scope, "joined", masses);
      Tensor r = kernel.call(scope, "ridge", z, mass, ridge);
      if (steps > 0) {
        int tokens = Math.toIntExact(z.size(0));
        int each = Math.min(batch, tokens);
        long[] picks = random.longs((long) steps * each, 0, tokens).toArray();
        r =
            kernel.call(
                scope,
                "logistic",
                r,
                z,
                kernel.call(scope, "best", mass, active),
                kernel.call(scope, "stakes", mass),
                scope.of(picks, steps, each),
                rate);
      }
      return split(r.toFloats(), Math.toIntExact(z.size(1)), Math.toIntExact(mass.size(1)));
    }
  }

  /** [d+1,E] with the bias in the last row, as W [E,d] and b [E]. */
  private static Router.Linear split(float[] r, int hidden, int experts) {
    float[] weight = new float[experts * hidden];
    float[] bias = new float[experts];
    for (int e = 0; e < experts; e++) {
      for (int i = 0; i < hidden; i++) {
        weight[e * hidden + i] = r[i * experts + e];
      }
      bias[e] = r[hidden * experts + e];
    }
    return new Router.Linear(weight, bias);
  }
}
