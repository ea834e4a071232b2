package dev.cmoe.carve.routing;

import dev.cmoe.carve.profile.LayerActivations;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * How much each routed expert contributes to each calibration token: M_te = ‖E_e(z_t)‖₂, and the dense output as the sum of all experts.
 *
 * @param masses per batch, float32 [n,E]
 * @param outputs per batch, the dense output without the bias of the down-projection, float32 [n,d]
 */
public record ExpertMasses(List<Tensor> masses, List<Tensor> outputs) {

  /** Measures {@code experts} experts of equal width after {@code shared} shared neurons; the activations are in expert order. */
  public static ExpertMasses measure(Engine engine, Scope scope, LayerActivations activations, int shared, int experts) {
    Kernel kernel = engine.kernel(ExpertMasses.class, "routing");
    List<Tensor> masses = new ArrayList<>();
    List<Tensor> outputs = new ArrayList<>();
    for (int b = 0; b < activations.size(); b++) {
      Tensor[] parts =
          kernel.callAll(scope, "masses", activations.hidden(b), activations.weights().down(), shared, experts);
      masses.add(parts[0]);
      outputs.add(parts[1]);
    }
    return new ExpertMasses(masses, outputs);
  }
}
