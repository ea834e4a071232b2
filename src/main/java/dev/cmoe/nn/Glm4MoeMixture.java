package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.Glm4MoeLayout;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads a mixture from {@link Glm4MoeLayout}, to be computed as that architecture does: p = σ(z
 * Wᵀ), the k largest of p + correction run, g_i = k p_i / Σ p over the chosen.
 */
final class Glm4MoeMixture {
  private Glm4MoeMixture() {}

  /** The block of layer {@code index}, its weights owned by {@code scope}. */
  static Mixture load(Decoder decoder, int index, Scope scope) {
    Weights weights = decoder.weights();
    MoeShape shape = decoder.moe().orElseThrow();
    LayerNames names = new LayerNames(index);
    long hidden = decoder.config().hidden();
    int experts = Glm4MoeLayout.experts(shape);
    int width = Glm4MoeLayout.width(shape);
    long always = Glm4MoeLayout.sharedUnits(shape) * width;
    List<Tensor> inward = new ArrayList<>();
    List<Tensor> down = new ArrayList<>();
    for (int e = 0; e < experts; e++) {
      inward.add(weights.load(scope, Glm4MoeLayout.expert(names, e, "gate_proj"), width, hidden));
      inward.add(weights.load(scope, Glm4MoeLayout.expert(names, e, "up_proj"), width, hidden));
      down.add(weights.load(scope, Glm4MoeLayout.expert(names, e, "down_proj"), hidden, width));
    }
    Mixture.Experts all =
        new Mixture.Experts(
            weights.stacked(
                scope,
                Stream.of("gate_proj", "up_proj")
                    .map(name -> Glm4MoeLayout.shared(names, name))
                    .map(name -> weights.tensors().tensor(name, always, hidden))
                    .toList()),
            List.of(weights.load(scope, Glm4MoeLayout.shared(names, "down_proj"), hidden, always)),
            List.of(),
            inward,
            down,
            List.of(),
            List.of(),
            width);
    Mixture.Routes routes =
        new Mixture.Routes(
            Mixture.Routes.Kind.SIGMOID,
            List.of(weights.loadFloat(scope, Glm4MoeLayout.gate(names, "weight"), experts, hidden)),
            List.of(
                weights.loadFloat(
                    scope, Glm4MoeLayout.gate(names, "e_score_correction_bias"), experts)),
            List.of(),
            shape.active());
    return new Mixture(decoder, routes, all);
  }

  /**
   * The architecture has biases on q, k and v where the carved decoder may have none; they must
   * then be the zeros that were written.
   *
   * @throws CmoeException of kind UNSUPPORTED naming one that is not
   */
  static void requireNoOtherBias(Checkpoint checkpoint, DecoderConfig config) {
    for (int i = 0; i < config.layers() && !config.attention().inputBias(); i++) {
      for (String projection : List.of("q_proj", "k_proj", "v_proj")) {
        String name = new LayerNames(i).attention(projection, "bias");
        if (!checkpoint.has(name)) {
          continue;
        }
        StoredTensor bias = checkpoint.tensor(name);
        for (float value : HalfFloats.toFloats(bias)) {
          if (value != 0) {
            throw CmoeException.unsupported(
                bias.path()
                    + ": tensor '"
                    + name
                    + "' is not zero as cmoe wrote it; a model that was changed since is not read");
          }
        }
      }
    }
  }
}
