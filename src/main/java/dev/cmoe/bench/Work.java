package dev.cmoe.bench;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.Glm4MoeLayout;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.TensorLayout;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.nn.Decoder;
import java.util.List;
import java.util.Optional;

/** What a model must read and compute, from its parameters alone. */
public final class Work {
  private static final int FLOAT = 4;

  private final DecoderConfig config;
  private final Optional<MoeShape> moe;
  private final int bytes;
  private final long shared;
  private final long expertWidth;

  public Work(Decoder decoder) {
    config = decoder.config();
    moe = decoder.moe();
    bytes = decoder.weights().type().bytes();
    // This format pads its experts.
    boolean padded = decoder.layout() == TensorLayout.GLM4_MOE;
    expertWidth =
        moe.map(shape -> (long) (padded ? Glm4MoeLayout.width(shape) : shape.expertWidth()))
            .orElse(0L);
    shared =
        moe.map(
                shape ->
                    padded
                        ? Glm4MoeLayout.sharedUnits(shape) * expertWidth
                        : (long) shape.sharedWidth())
            .orElse((long) config.intermediate());
  }

  /**
   * Bytes of weights that one decode step reads: all matrices in the compute type, norms and
   * routers in float32. Of the embedding a step reads one row a token, which is left out.
   *
   * @param experts routed experts of a layer that some sequence runs, on average
   */
  public double decodeBytes(double experts) {
    double sum = size(config.layout().head());
    for (TensorPart part : config.layout().finalNorm()) {
      sum += size(part);
    }
    for (int i = 0; i < config.layers(); i++) {
      LayerLayout layer = config.layout().layer(i);
      sum += layer.kept().stream().mapToLong(this::size).sum();
      sum += (double) bytes * config.feedForwardParameters(shared);
      // Biases of the down-projection were counted once already.
      sum +=
          bytes
              * experts
              * (config.feedForwardParameters(expertWidth) - config.feedForwardParameters(0));
      sum += FLOAT * routerParameters();
    }
    return sum;
  }

  /** Routed experts that one token runs in a layer. */
  public int activeExperts() {
    return moe.map(MoeShape::active).orElse(0);
  }

  /**
   * Floating-point operations of a prompt of {@code tokens}: two for each multiplication of a
   * matrix with a token, causal attention, and the router. The head is needed for the last token
   * only, and so is the last layer but for its keys and values.
   */
  public double prefillOperations(int tokens) {
    double attention = 4.0 * config.heads() * config.headDim();
    double allSeen = tokens * (tokens + 1.0) / 2;
    double sum = 2.0 * config.vocabulary() * config.hidden();
    for (int i = 0; i < config.layers(); i++) {
      LayerLayout layer = config.layout().layer(i);
      double keysAndValues = elements(layer.keysAndValues());
      double others =
          elements(layer.projections())
              - keysAndValues
              + feedForward(shared + activeExperts() * expertWidth)
              + routerParameters();
      boolean last = i == config.layers() - 1;
      sum += 2 * keysAndValues * tokens;
      sum += 2 * others * (last ? 1 : tokens);
      sum += attention * (last ? tokens : allSeen);
    }
    return sum;
  }

  private static double elements(List<TensorPart> parts) {
    return parts.stream().mapToLong(TensorPart::elements).sum();
  }

  private double feedForward(long neurons) {
    return (config.feedForward().inward() + 1.0) * config.hidden() * neurons;
  }

  private long routerParameters() {
    return moe.map(shape -> shape.routerParameters(config.hidden(), config.feedForward()))
        .orElse(0L);
  }

  private long size(TensorPart part) {
    return part.elements() * (part.shape().size() > 1 ? bytes : FLOAT);
  }
}
