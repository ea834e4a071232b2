package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The attention half of a decoder layer: norm, projections, rotary positions, causal attention,
 * residual.
 */
final class Attention {
  private final Kernel kernel;
  private final DecoderConfig config;
  private final int scalarType;
  private final Tensor norm;
  private final List<Tensor> projections = new ArrayList<>();
  private final List<Tensor> biases;

  Attention(Engine engine, Weights weights, DecoderConfig config, LayerNames names, Scope scope) {
    this.kernel = engine.kernel(Attention.class, "attention");
    this.config = config;
    this.scalarType = weights.type().scalarType();
    long hidden = config.hidden();
    long query = (long) config.heads() * config.headDim();
    long keyValue = (long) config.keyValueHeads() * config.headDim();
    norm = weights.loadFloat(scope, names.inputNorm(), hidden);
    projections.add(weights.load(scope, names.attention("q_proj", "weight"), query, hidden));
    projections.add(weights.load(scope, names.attention("k_proj", "weight"), keyValue, hidden));
    projections.add(weights.load(scope, names.attention("v_proj", "weight"), keyValue, hidden));
    projections.add(weights.load(scope, names.attention("o_proj", "weight"), hidden, query));
    biases =
        weights.loadVectors(
            scope,
            config.attentionBias(),
            LayerNames.ATTENTION_PROJECTIONS.stream().map(p -> names.attention(p, "bias")).toList(),
            query,
            keyValue,
            keyValue,
            hidden);
  }

  /** x + attention(norm(x)); x and the result float32 [B,T,d]. */
  Tensor forward(Scope into, Tensor x, Rotary rotary) {
    return kernel.call(
        into,
        "forward",
        x,
        norm,
        config.normEpsilon(),
        projections,
        biases,
        rotary.cos(),
        rotary.sin(),
        config.heads(),
        config.keyValueHeads(),
        scalarType);
  }
}
