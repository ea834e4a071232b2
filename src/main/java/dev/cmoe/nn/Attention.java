package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The attention half of a decoder layer: norm, projections, rotary positions, causal attention,
 * norm, residual.
 */
final class Attention {
  private final Kernel kernel;
  private final DecoderConfig config;
  private final int window;
  private final int scalarType;
  private final List<Tensor> norm;

  /** Of q, k and v, as one matrix where they are stacked; and of the output. */
  private final List<Tensor> projections;

  private final List<Tensor> biases;
  private final List<Tensor> headNorms;
  private final List<Tensor> after;

  Attention(Decoder decoder, int index, LayerLayout layout, Scope scope) {
    Weights weights = decoder.weights();
    this.kernel = decoder.engine().kernel(Attention.class, "attention");
    this.config = decoder.config();
    this.window = config.attention().window(index);
    this.scalarType = weights.type().scalarType();
    norm = decoder.norm(scope, layout.inputNorm());
    List<TensorPart> parts = layout.projections();
    List<Tensor> input = weights.stackedParts(scope, parts.subList(0, 3));
    projections = new ArrayList<>(input);
    projections.add(weights.load(scope, parts.get(3)));
    biases = weights.load(scope, layout.biases());
    headNorms = decoder.norm(scope, layout.headNorms());
    after = decoder.norm(scope, layout.afterAttentionNorm());
  }

  /** x + attention(norm(x)); x and the result float32 [B,T,d]. */
  Tensor forward(Scope into, Tensor x, Rotary rotary) {
    return call(into, "forward", x, rotary.cos(), rotary.sin(), window);
  }

  /** The same; keys and values of the tokens go to the beginning of the caches [B,K,C,D]. */
  Tensor prefill(Scope into, Tensor x, Rotary rotary, Tensor keys, Tensor values) {
    return call(into, "prefill", x, rotary.cos(), rotary.sin(), window, keys, values);
  }

  /** Keys and values of x [B,T,d] alone go to the beginning of the caches [B,K,C,D]. */
  void remember(Scope scratch, Tensor x, Rotary rotary, Tensor keys, Tensor values) {
    kernel.apply(scratch, "remember", arguments(x, rotary.cos(), rotary.sin(), keys, values));
  }

  /** One token of each sequence, x [B,1,d], after those in the caches [B,K,C,D]. */
  Tensor step(Scope into, Tensor x, Rotary angles, NextTokens next, Tensor keys, Tensor values) {
    NextTokens.Span span = next.span(window);
    return call(
        into,
        "step",
        x,
        angles.cos(),
        angles.sin(),
        keys,
        values,
        next.positions(),
        span.seen(),
        span.first(),
        span.count());
  }

  /** What {@link DecodeStep} takes of this layer, in the order in which its kernel numbers it. */
  List<List<Tensor>> stepTensors() {
    return List.of(norm, projections, biases, headNorms, after);
  }

  private Tensor call(Scope into, String method, Object... more) {
    return kernel.call(into, method, arguments(more));
  }

  private Object[] arguments(Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                norm,
                config.norm().epsilon(),
                projections,
                biases,
                headNorms,
                after,
                config.heads(),
                config.keyValueHeads(),
                config.attention().scale(),
                config.attention().softCap(),
                scalarType));
    arguments.addAll(List.of(more));
    return arguments.toArray();
  }
}
