package dev.cmoe.cli;

import dev.cmoe.run.RunListener;

/** The workshop of the installed program. Its methods alone reach the rooms that compute. */
public final class LiveWorkshop implements Workshop {
  @Override
  public Answer carve(CarveRequest request, RunListener listener) {
    throw notWired();
  }

  @Override
  public Answer inspect(InspectRequest request, RunListener listener) {
    throw notWired();
  }

  @Override
  public Answer eval(EvalRequest request, RunListener listener) {
    throw notWired();
  }

  @Override
  public Answer logits(LogitsRequest request, RunListener listener) {
    throw notWired();
  }

  private static UnsupportedOperationException notWired() {
    return new UnsupportedOperationException("not wired yet");
  }
}
