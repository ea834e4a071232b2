package dev.cmoe.carve;

import dev.cmoe.carve.grouping.Grouping;
import dev.cmoe.carve.routing.Router;
import java.util.Optional;

/**
 * What carving decided for one layer.
 *
 * @param grouping neuron ids of the shared expert and of each routed expert; ids of d_ff and above
 *     are zero padding
 * @param down a replaced down-projection [d, shared + E·m] row-major, its columns in the order
 *     shared, expert 0, expert 1, …; empty when the dense columns are kept
 */
@SuppressWarnings("ArrayRecordComponent")
public record LayerPlan(Grouping grouping, Router router, Optional<float[]> down) {

  /** Neuron ids in expert order: shared, expert 0, expert 1, … */
  public int[] order() {
    return Orders.of(grouping);
  }
}
