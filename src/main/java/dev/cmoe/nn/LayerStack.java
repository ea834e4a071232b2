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
 * All layers of a decoder in one call, for tokens that come one by one: the weights of a layer push
 * everything small out of the caches, and a call for each layer then costs as much as its attention
 * (docs/experiments.md).
 */
final class LayerStack {
  private final Kernel.Prepared kernel;
  private final List<RopeSpec> ropes;
  private final List<Integer> windows;

  /**
   * @param layers all of them, their feed-forward blocks of one kind
   * @param scope owns what is handed over, and outlives the calls
   */
  LayerStack(Decoder decoder, List<DecoderLayer> layers, Scope scope) {
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
            .kernel(LayerStack.class, "layer")
            .prepare(scope, block.steps(), constants.toArray());
  }

  /**
   * The next token of each sequence, x [B,1,d], whose keys and values go into {@code cache}.
   *
   * @param angles of all positions
   * @return the residual stream after the last layer, [B,d]
   */
  Tensor step(
      Scope into,
      Tensor x,
      NextTokens next,
      Function<RopeSpec, Rotary> angles,
      KeyValueCache cache) {
    List<Rotary> rotary = ropes.stream().map(angles).toList();
    List<NextTokens.Span> spans = windows.stream().map(next::span).toList();
    return kernel.call(
        into,
        x,
        rotary.stream().map(Rotary::cos).toList(),
        rotary.stream().map(Rotary::sin).toList(),
        cache.keys(),
        cache.values(),
        next.positions(),
        spans.stream().map(NextTokens.Span::seen).toList(),
        new Longs(spans.stream().mapToLong(NextTokens.Span::first).toArray()),
        new Longs(spans.stream().mapToLong(NextTokens.Span::count).toArray()));
  }
}
