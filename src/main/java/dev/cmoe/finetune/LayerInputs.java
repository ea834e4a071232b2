package dev.cmoe.finetune;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;

/**
 * What each layer sees of the windows in hand, float32. One block of memory for the whole run: were
 * each kept where it comes up, they would lie scattered among what comes and goes with a layer, and
 * the next large tensor would not fit between them.
 */
final class LayerInputs implements AutoCloseable {
  private final Scope scope;
  private final Kernel kernel;
  private final Tensor all;

  /**
   * @param windows that go through the model at a time, at most
   * @param length tokens a window
   */
  LayerInputs(Engine engine, int layers, int windows, int length, int hidden) {
    this.scope = engine.scope();
    this.kernel = engine.kernel(LayerInputs.class, "inputs");
    this.all = scope.zeros(layers, windows, length, hidden);
  }

  /** Takes a copy of {@code x} [B,T,d] as what layer {@code index} sees. */
  void set(int index, Tensor x) {
    try (Scope scratch = scope.child()) {
      kernel.apply(scratch, "set", get(scratch, index, x.size(0)), x);
    }
  }

  /** What layer {@code index} sees of the first {@code windows}, [B,T,d]; shares the memory. */
  Tensor get(Scope into, int index, long windows) {
    return kernel.call(into, "part", all, index, windows);
  }

  @Override
  public void close() {
    scope.close();
  }
}
