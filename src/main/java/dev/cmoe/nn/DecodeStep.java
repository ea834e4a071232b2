package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.Residual;
import dev.cmoe.arch.RopeSpec;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Longs;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A whole decoder in one call, from tokens to logits, for tokens that come one by one: the weights
 * of a layer push everything small out of the caches, and a call for each layer then costs as much
 * as its attention (docs/experiments.md).
 */
final class DecodeStep {
  private final Kernel.Prepared kernel;
  private final List<RopeSpec> ropes;
  private final List<Integer> windows;

  /**
   * @param layers all of them, their feed-forward blocks of one kind
   * @param embeddings as stored
   * @param scope owns what is handed over, and outlives the calls
   */
  DecodeStep(
      Decoder decoder, Tensor embeddings, List<DecoderLayer> layers, OutputHead head, Scope scope) {
    DecoderConfig config = decoder.config();
    List<RopeSpec> ropeOfLayer = IntStream.range(0, layers.size()).mapToObj(config::rope).toList();
    List<Integer> windowOfLayer =
        IntStream.range(0, layers.size()).mapToObj(i -> config.attention().window(i)).toList();
    ropes = ropeOfLayer.stream().distinct().toList();
    windows = windowOfLayer.stream().distinct().toList();
    FeedForward block = layers.get(0).feedForward();
    for (DecoderLayer layer : layers) {
      if (!layer.feedForward().stepArguments().equals(block.stepArguments())) {
        throw new IllegalStateException("layer " + layer.index() + " has another kind of block");
      }
    }
    List<Object> constants =
        new ArrayList<>(
            List.of(
                List.of(List.of(embeddings), head.norm(), List.of(head.weight()), head.bias()),
                config.embeddingScale(),
                config.logitSoftCap(),
                layers.stream().map(DecoderLayer::stepTensors).toList(),
                new Longs(ropeOfLayer.stream().mapToLong(ropes::indexOf).toArray()),
                new Longs(windowOfLayer.stream().mapToLong(windows::indexOf).toArray()),
                config.norm().epsilon(),
                config.heads(),
                config.keyValueHeads(),
                config.attention().scale(),
                config.attention().softCap(),
                decoder.weights().type().scalarType(),
                config.residual() == Residual.PARALLEL));
    constants.addAll(block.stepArguments());
    kernel =
        decoder
            .engine()
            .kernel(DecodeStep.class, "step")
            .prepare(scope, block.steps(), constants.toArray());
  }

  /** The step of sequences with this cache; {@code angles} are those of all positions. */
  Bound bind(Scope owner, Function<RopeSpec, Rotary> angles, KeyValueCache cache) {
    List<Rotary> rotary = ropes.stream().map(angles).toList();
    return new Bound(
        kernel.with(
            owner,
            rotary.stream().map(Rotary::cos).toList(),
            rotary.stream().map(Rotary::sin).toList(),
            cache.keys(),
            cache.values()));
  }

  /** See {@link #bind}. */
  final class Bound {
    private final Kernel.Prepared kernel;

    private Bound(Kernel.Prepared kernel) {
      this.kernel = kernel;
    }

    /** Logits [B,V] of what comes after {@code next}, whose keys and values go into the cache. */
    Tensor logits(Scope into, NextTokens next) {
      List<NextTokens.Span> spans = windows.stream().map(next::span).toList();
      return kernel.call(
          into,
          next.tokensAndPositions(),
          spans.stream().map(NextTokens.Span::seen).toList(),
          new Longs(spans.stream().mapToLong(NextTokens.Span::first).toArray()),
          new Longs(spans.stream().mapToLong(NextTokens.Span::count).toArray()));
    }
  }
}
