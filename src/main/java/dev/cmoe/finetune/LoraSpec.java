package dev.cmoe.finetune;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Low-rank additions: W + (alpha / rank) B A.
 *
 * @param dropout probability with which an element of what A sees is left out while training
 */
public record LoraSpec(int rank, double alpha, double dropout, Set<LoraTarget> targets) {
  public LoraSpec {
    // In the order of the constants: what this prints as decides whether a run is another one.
    EnumSet<LoraTarget> sorted = EnumSet.noneOf(LoraTarget.class);
    sorted.addAll(targets);
    targets = Collections.unmodifiableSet(sorted);
  }

  /** What B A is multiplied with. */
  public double scale() {
    return alpha / rank;
  }
}
