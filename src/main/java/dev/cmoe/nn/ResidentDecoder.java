package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.RopeSpec;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A decoder with all layers at hand, for running token by token. Weights that are stored in the
 * compute type stay in their mapped files: nothing is read before it is used, and processes share
 * the pages. Others are converted into memory.
 */
public final class ResidentDecoder implements AutoCloseable {
  private final Decoder decoder;
  private final Scope scope;
  private final List<DecoderLayer> layers = new ArrayList<>();
  private final DecodeStep decodeStep;
  private final OutputHead head;
  private final Tensor embeddings;
  private Optional<RowStep> rowStep = Optional.empty();

  private ResidentDecoder(Decoder decoder) {
    this.decoder = decoder;
    this.scope = decoder.engine().scope();
    for (int i = 0; i < decoder.config().layers(); i++) {
      layers.add(decoder.layer(scope, i));
    }
    head = OutputHead.converted(decoder, scope);
    embeddings = decoder.embeddings(scope);
    decodeStep = new DecodeStep(decoder, embeddings, layers, head, scope);
    if (RowStep.isWorthwhile(decoder, layers, head)) {
      stepInJava(engine().threads());
    }
  }

  /** Takes {@code decoder} over and closes it in the end, or now when loading fails. */
  public static ResidentDecoder load(Decoder decoder) {
    try {
      return new ResidentDecoder(decoder);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  public Decoder decoder() {
    return decoder;
  }

  public DecoderConfig config() {
    return decoder.config();
  }

  public Engine engine() {
    return decoder.engine();
  }

  /** {@code count} sequences that may grow to {@code capacity} tokens; closed by the caller. */
  public Sequences sequences(int count, int capacity) {
    return sequences(count, capacity, FeedForwardProbe.NONE);
  }

  /** The same, with {@code probe} told of every feed-forward block that runs. */
  public Sequences sequences(int count, int capacity, FeedForwardProbe probe) {
    return new Sequences(this, count, capacity, probe);
  }

  /**
   * The most likely next tokens of logits [n,V].
   *
   * @throws CmoeException of kind VERIFICATION when logits are not finite
   */
  public int[] best(Tensor logits) {
    try (Scope scratch = scope.child()) {
      int[] best = kernel().call(scratch, "best", logits).toIndices();
      for (int id : best) {
        if (id < 0) {
          throw CmoeException.verification(
              decoder.checkpoint().directory()
                  + ": logits are not finite; try --compute-dtype float32, or 'cmoe verify' for a"
                  + " carved model");
        }
      }
      return best;
    }
  }

  DecoderLayer layer(int index) {
    return layers.get(index);
  }

  DecodeStep decodeStep() {
    return decodeStep;
  }

  /** Whether sequences that are alone go token by token through Java, and not the kernels. */
  public boolean stepsInJava() {
    return rowStep.isPresent();
  }

  /** The step in Java, for sequences that are alone. */
  Optional<RowStep> rowStep() {
    return rowStep;
  }

  /** Sequences that come take the step in Java, whether it is worthwhile or not. */
  void stepInJava(int threads) {
    rowStep.ifPresent(RowStep::close);
    rowStep = Optional.of(new RowStep(config(), layers, head, threads));
  }

  RopeSpec rope(int layer) {
    return config().rope(layer);
  }

  Kernel kernel() {
    return decoder.kernel();
  }

  /** The residual stream at the first layer, float32 [B,T,d], for B windows of T token ids. */
  Tensor embed(Scope into, int[]... windows) {
    return decoder.embed(into, embeddings, windows);
  }

  /** Logits float32 [n,V] for rows x [n,d] after the last layer. */
  Tensor logits(Scope into, Tensor x) {
    return head.logits(into, x);
  }

  @Override
  public void close() {
    rowStep.ifPresent(RowStep::close);
    scope.close();
    decoder.close();
  }
}
