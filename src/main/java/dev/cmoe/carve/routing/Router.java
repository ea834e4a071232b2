package dev.cmoe.carve.routing;

import dev.cmoe.arch.RouterKind;

/** How a layer's routed experts are scored. Arrays are row-major and belong to the record. */
@SuppressWarnings("ArrayRecordComponent")
public sealed interface Router {

  RouterKind kind();

  /** No routing: the shared neurons are all there is. */
  record None() implements Router {
    @Override
    public RouterKind kind() {
      return RouterKind.NONE;
    }
  }

  /**
   * s = W z + b.
   *
   * @param weight [E,d]
   * @param bias [E]
   */
  record Linear(float[] weight, float[] bias) implements Router {
    @Override
    public RouterKind kind() {
      return RouterKind.LINEAR;
    }
  }

  /**
   * s = softmax(|(z Uᵀ) ⊙ SiLU(z Gᵀ)|), CMoE 1.6.
   *
   * @param gate G, the representatives' rows of Wgate at unit length [E,d]
   * @param up U, likewise of Wup [E,d]
   */
  record Cmoe(float[] gate, float[] up) implements Router {
    @Override
    public RouterKind kind() {
      return RouterKind.CMOE;
    }
  }
}
