package dev.cmoe.recipe;

import java.util.List;

/**
 * Whether and how the down-projection is refitted on what actually runs.
 *
 * @param strengths ridge strengths to choose from on held-out tokens, relative to the mean of the
 *     Gram diagonal; not empty
 */
public record CompensationSpec(boolean enabled, List<Double> strengths) {
  public CompensationSpec {
    strengths = List.copyOf(strengths);
  }
}
