package dev.cmoe.cli;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;

/**
 * Does what the commands ask for. Nothing here prints; each method tells {@code listener} how far
 * it is and throws {@link CmoeException} for a failure that the user can act on.
 */
public interface Workshop {
  Answer carve(CarveRequest request, RunListener listener);

  Answer inspect(InspectRequest request, RunListener listener);

  Answer eval(EvalRequest request, RunListener listener);

  Answer logits(LogitsRequest request, RunListener listener);
}
