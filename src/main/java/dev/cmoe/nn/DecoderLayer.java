package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.arch.Residual;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/** One decoder layer, its weights owned by the scope it was loaded into. */
public final class DecoderLayer {
  private final Decoder decoder;
  private final int index;
  private final Attention attention;
  private final List<Tensor> norm;
  private final List<Tensor> after;
  private final FeedForward feedForward;
  private final Kernel kernel;

  DecoderLayer(Decoder decoder, int index, Scope scope) {
    LayerLayout layout = decoder.config().layout().layer(index);
    this.decoder = decoder;
    this.index = index;
    this.kernel = decoder.kernel();
    this.attention = new Attention(decoder, index, layout, scope);
    this.norm = decoder.norm(scope, layout.feedForwardNorm());
    this.after = decoder.norm(scope, layout.afterFeedForwardNorm());
    this.feedForward =
        switch (decoder.layout()) {
          case DENSE ->
              new DenseFeedForward(
                  decoder.engine(),
                  decoder.weights(),
                  decoder.config().feedForward().activation(),
                  layout,
                  scope);
          case OWN -> OwnMixture.load(decoder, index, scope);
          case GLM4_MOE -> Glm4MoeMixture.load(decoder, index, scope);
        };
  }

  /** Which layer of the model, from 0. */
  public int index() {
    return index;
  }

  public FeedForward feedForward() {
    return feedForward;
  }

  /** x + attention(x), float32 [B,T,d]: the residual that the feed-forward output is added to. */
  public Tensor attend(Scope into, Tensor x) {
    return attention.forward(into, x, decoder.rotary(index, Math.toIntExact(x.size(1))));
  }

  /**
   * {@link #forward} of the beginnings of sequences, whose keys and values go into {@code cache}.
   */
  Tensor prefill(Scope into, Tensor x, Rotary rotary, KeyValueCache cache, FeedForwardProbe probe) {
    try (Scope scratch = into.child()) {
      Tensor residual =
          attention.prefill(scratch, x, rotary, cache.keys(index), cache.values(index));
      return finish(into, scratch, x, residual, probe);
    }
  }

  /** Keys and values alone of the beginnings of sequences go into {@code cache}. */
  void remember(Scope scratch, Tensor x, Rotary rotary, KeyValueCache cache) {
    attention.remember(scratch, x, rotary, cache.keys(index), cache.values(index));
  }

  /**
   * One token of each sequence, x [B,1,d], whose key and value go into {@code cache}. For tokens
   * after the prompt {@link DecodeStep} does the same for all layers where no probe looks on.
   */
  Tensor step(
      Scope into,
      Tensor x,
      Rotary angles,
      NextTokens next,
      KeyValueCache cache,
      FeedForwardProbe probe) {
    try (Scope scratch = into.child()) {
      Tensor residual =
          attention.step(scratch, x, angles, next, cache.keys(index), cache.values(index));
      return finish(into, scratch, x, residual, probe);
    }
  }

  /** What {@link DecodeStep} takes of this layer, in the order in which its kernel numbers it. */
  List<List<Tensor>> stepTensors() {
    List<List<Tensor>> all = new ArrayList<>(attention.stepTensors());
    all.addAll(List.of(norm, after));
    all.addAll(feedForward.stepTensors());
    return all;
  }

  private Tensor finish(
      Scope into, Scope scratch, Tensor x, Tensor residual, FeedForwardProbe probe) {
    Tensor z = feedForwardInput(scratch, x, residual);
    long start = System.nanoTime();
    Tensor y = feedForward.forward(scratch, z, routing(probe));
    probe.ran(index, System.nanoTime() - start);
    return add(into, residual, y);
  }

  private FeedForward.Routing routing(FeedForwardProbe probe) {
    return (gates, nanos) -> probe.routed(index, gates, nanos);
  }

  /**
   * The feed-forward input z as rows [B·T,d] float32.
   *
   * @param x input of the layer [B,T,d], which the block sees when it runs beside the attention
   * @param residual {@link #attend} of it, which it sees otherwise
   */
  public Tensor feedForwardInput(Scope into, Tensor x, Tensor residual) {
    DecoderConfig config = decoder.config();
    Tensor seen = config.residual() == Residual.PARALLEL ? x : residual;
    return kernel.call(into, "input", seen, norm, config.norm().epsilon());
  }

  /**
   * {@code residual} [B,T,d] plus the feed-forward output {@code y} [B·T,d], which is normed first
   * in families that do so; {@code y} may be written over.
   */
  public Tensor add(Scope into, Tensor residual, Tensor y) {
    return kernel.call(into, "plus", residual, y, after, decoder.config().norm().epsilon());
  }

  /** The whole layer: float32 [B,T,d] in and out. */
  public Tensor forward(Scope into, Tensor x) {
    try (Scope scratch = into.child()) {
      return finish(into, scratch, x, attend(scratch, x), FeedForwardProbe.NONE);
    }
  }
}
