package dev.cmoe.cli;

import dev.cmoe.job.CarveJob;
import dev.cmoe.job.EvalJob;
import dev.cmoe.job.InspectJob;
import dev.cmoe.job.LogitsJob;
import dev.cmoe.run.RunListener;

/** The workshop of the installed program. Its methods alone reach the rooms that compute. */
public final class LiveWorkshop implements Workshop {
  @Override
  public Answer carve(CarveRequest request, RunListener listener) {
    try (CarveJob job = new CarveJob(request.model(), request.recipe(), request.plan(), listener)) {
      return request.dryRun()
          ? new DryRunAnswer(job.dryRun())
          : new CarveAnswer(job.run(request.output().orElseThrow(), request.overwrite()));
    }
  }

  @Override
  public Answer inspect(InspectRequest request, RunListener listener) {
    return new InspectAnswer(InspectJob.run(request.model()));
  }

  @Override
  public Answer eval(EvalRequest request, RunListener listener) {
    return new EvalAnswer(
        EvalJob.run(
            request.model(),
            request.against(),
            request.text(),
            request.window(),
            request.maxWindows(),
            request.runtime(),
            listener));
  }

  @Override
  public Answer logits(LogitsRequest request, RunListener listener) {
    return new LogitsAnswer(
        LogitsJob.run(request.model(), request.tokens(), request.output(), request.runtime()));
  }
}
