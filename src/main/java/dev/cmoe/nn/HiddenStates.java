package dev.cmoe.nn;

import dev.cmoe.engine.Longs;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The residual streams of many windows between two layers, in batches of a few windows so that what
 * a layer needs on top stays small. Advancing replaces each batch in turn, so there is one copy.
 */
public final class HiddenStates implements AutoCloseable {
  /** Tokens a batch: enough to keep products busy, few enough that activations stay small. */
  private static final int BATCH_TOKENS = 2048;

  /** What a layer does to one batch [B,T,d]; the result is in {@code scratch} or deeper. */
  @FunctionalInterface
  public interface Step {
    Tensor apply(Scope scratch, Tensor x);
  }

  private final Decoder decoder;
  private final Scope scope;
  private final List<Tensor> batches = new ArrayList<>();
  private final int windowsPerBatch;

  private HiddenStates(Decoder decoder, int windowsPerBatch) {
    this.decoder = decoder;
    this.scope = decoder.engine().scope();
    this.windowsPerBatch = windowsPerBatch;
  }

  /** The streams at the first layer. */
  public static HiddenStates embed(Decoder decoder, List<int[]> windows) {
    HiddenStates states =
        new HiddenStates(decoder, Math.max(1, BATCH_TOKENS / windows.get(0).length));
    try {
      for (int i = 0; i < windows.size(); i += states.windowsPerBatch) {
        int end = Math.min(windows.size(), i + states.windowsPerBatch);
        int[][] batch = windows.subList(i, end).toArray(int[][]::new);
        states.batches.add(decoder.embed(states.scope, batch));
      }
      return states;
    } catch (RuntimeException e) {
      states.close();
      throw e;
    }
  }

  /** Number of batches. */
  public int size() {
    return batches.size();
  }

  /** Batch {@code i}, [B,T,d]; replaced by the next advance. */
  public Tensor batch(int i) {
    return batches.get(i);
  }

  /** Window {@code w} as rows [T,d], in {@code into}. */
  public Tensor window(Scope into, int w) {
    Tensor batch = batches.get(w / windowsPerBatch);
    return decoder
        .kernel()
        .call(
            into,
            "rows",
            batch,
            (long) (w % windowsPerBatch),
            1L,
            new Longs(batch.size(1), batch.size(2)));
  }

  /** Through layer {@code index} of the decoder. */
  public void advance(int index) {
    try (Scope held = scope.child()) {
      DecoderLayer layer = decoder.layer(held, index);
      advance(layer::forward);
    }
  }

  /** Through {@code step}, batch by batch. */
  public void advance(Step step) {
    for (int i = 0; i < batches.size(); i++) {
      replace(i, step);
    }
  }

  /** Batch {@code i} through {@code step}. */
  public void replace(int i, Step step) {
    try (Scope scratch = scope.child()) {
      Tensor next = scope.keep(step.apply(scratch, batches.get(i)));
      batches.get(i).close();
      batches.set(i, next);
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
