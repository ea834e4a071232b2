package dev.cmoe.arch;

/** How a layer scores its routed experts. */
public enum RouterKind {
  /** No routed experts: the layer always runs the same neurons. */
  NONE,
  /** s = W z + b. */
  LINEAR,
  /**
   * s = softmax(|(z Uᵀ) ⊙ SiLU(z Gᵀ)|), CMoE section 3 as released: rows of G and U have unit
   * length.
   */
  CMOE;

  /** The value of {@code router_type} in config.json. */
  public String configName() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
