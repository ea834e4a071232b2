package dev.cmoe.carve.routing;

import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What each routed expert contributes to each calibration token.
 *
 * @param masses per batch, M_te = ‖E_e(z_t)‖₂, float32 [n,E]
 * @param outputs per batch, the sum of all experts: the dense output without the bias of the
 *     down-projection, float32 [n,d]
 * @param products per batch, for its first tokens, the inner products of the routed outputs,
 *     float32 [n',E,E]; n' = 0 when not asked for
 * @param carved per batch, the sum of the gated experts' outputs, float32 [n,d]; empty when no
 *     gates were given
 */
public record ExpertMasses(
    List<Tensor> masses, List<Tensor> outputs, List<Tensor> products, List<Tensor> carved) {
  /**
   * Elements of the products that are held: enough for every token of a usual calibration with a
   * dozen experts.
   */
  private static final long MOST_PRODUCTS = 32L << 20;

  /**
   * Measures {@code experts} experts of equal width after {@code shared} shared neurons; the
   * activations are in expert order.
   *
   * @param gates per batch [n,E], to have the carved outputs too
   * @param withProducts whether the inner products are wanted
   */
  public static ExpertMasses measure(
      Engine engine,
      Scope scope,
      LayerActivations activations,
      int shared,
      int experts,
      Optional<List<Tensor>> gates,
      boolean withProducts) {
    Kernel kernel = engine.kernel(ExpertMasses.class, "routing");
    List<Tensor> masses = new ArrayList<>();
    List<Tensor> outputs = new ArrayList<>();
    List<Tensor> products = new ArrayList<>();
    List<Tensor> carved = new ArrayList<>();
    long share =
        withProducts ? Math.max(1, MOST_PRODUCTS / Math.max(1, (long) experts * experts)) : 0;
    double kept = Math.min(1, (double) share / activations.tokens());
    for (int b = 0; b < activations.size(); b++) {
      int batch = b;
      long rows = withProducts ? Math.max(1, (long) (kept * activations.hidden(b).size(0))) : 0;
      Tensor[] parts =
          kernel.callAll(
              scope,
              "outputs",
              activations.hidden(b),
              activations.weights().down(),
              shared,
              experts,
              rows,
              gates.map(all -> List.of(all.get(batch))).orElse(List.of()));
      masses.add(parts[0]);
      outputs.add(parts[1]);
      products.add(parts[2]);
      if (gates.isPresent()) {
        carved.add(parts[3]);
      } else {
        parts[3].close();
      }
    }
    return new ExpertMasses(masses, outputs, products, carved);
  }
}
