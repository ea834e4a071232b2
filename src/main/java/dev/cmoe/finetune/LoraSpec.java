package dev.cmoe.finetune;

import java.util.EnumSet;
import java.util.Set;

/**
 * Low-rank additions: W + (alpha / rank) B A.
 *
 * @param dropout probability with which an element of what A sees is left out while training
 */
public record LoraSpec(int rank, double alpha, double dropout, Set<LoraTarget> targets) {
  public LoraSpec {
    targets = targets.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(targets));
  }

  /** What B A is multiplied with. */
  public double scale() {
    return alpha / rank;
  }
}
