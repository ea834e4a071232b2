package dev.cmoe.cli;

import dev.cmoe.generation.Generator;
import dev.cmoe.job.BenchJob;
import dev.cmoe.job.CarveJob;
import dev.cmoe.job.EvalJob;
import dev.cmoe.job.ExportJob;
import dev.cmoe.job.FinetuneJob;
import dev.cmoe.job.ForwardJob;
import dev.cmoe.job.GenerateJob;
import dev.cmoe.job.GgufJob;
import dev.cmoe.job.InspectJob;
import dev.cmoe.job.LogitsJob;
import dev.cmoe.job.ReportJob;
import dev.cmoe.job.SyntheticModel;
import dev.cmoe.job.VerifyJob;
import dev.cmoe.job.doctor.Check;
import dev.cmoe.job.doctor.DoctorJob;
import dev.cmoe.run.RunListener;
import java.nio.file.Path;
import java.util.function.Consumer;

/** The workshop of the installed program. Its methods alone reach the rooms that compute. */
public final class LiveWorkshop implements Workshop {
  @Override
  public Answer carve(CarveRequest request, RunListener listener) {
    try (CarveJob job = new CarveJob(request.model(), request.recipe(), request.plan(), listener)) {
      if (!request.dryRun()) {
        return new CarveAnswer(job.run(request.output().orElseThrow(), request.overwrite()));
      }
      request.output().ifPresent(output -> job.checkPlace(output, request.overwrite()));
      return new DryRunAnswer(job.dryRun());
    }
  }

  @Override
  public Answer finetune(FinetuneRequest request, RunListener listener) {
    try (FinetuneJob job =
        new FinetuneJob(
            request.model(), request.settings(), request.form(), request.runtime(), listener)) {
      if (!request.dryRun()) {
        return new FinetuneAnswer(
            job.run(request.output().orElseThrow(), request.overwrite(), request.resume()));
      }
      request
          .output()
          .ifPresent(output -> job.checkPlace(output, request.overwrite(), request.resume()));
      return new FinetunePlanAnswer(job.plan());
    }
  }

  @Override
  public Answer export(ExportRequest request, RunListener listener) {
    return new ExportAnswer(
        ExportJob.run(
            request.model(),
            request.output(),
            request.form().format(),
            request.form().shardSize().bytes(),
            request.dryRun(),
            request.overwrite(),
            listener));
  }

  @Override
  public Answer inspect(InspectRequest request, RunListener listener) {
    return new InspectAnswer(InspectJob.run(request.model()));
  }

  @Override
  public Answer eval(EvalRequest request, RunListener listener) {
    return new EvalAnswer(
        EvalJob.run(request.model(), request.question(), request.runtime(), listener),
        request.perItem());
  }

  @Override
  public Answer generate(
      GenerateRequest request, RunListener listener, Generator.Listener said, boolean told) {
    return new GenerateAnswer(
        GenerateJob.run(
            request.model(),
            request.prompts(),
            request.chat(),
            request.choice(),
            request.maxTokens(),
            request.runtime(),
            listener,
            said),
        told);
  }

  @Override
  public Answer bench(BenchRequest request, RunListener listener) {
    return new BenchAnswer(
        BenchJob.run(
            request.model(), request.against(), request.spec(), request.runtime(), listener),
        request.form());
  }

  @Override
  public Answer doctor(
      DoctorRequest request, RunListener listener, Consumer<Check> said, boolean told) {
    return new DoctorAnswer(
        DoctorJob.run(request.directory(), request.runtime(), listener, said), told);
  }

  @Override
  public Answer logits(LogitsRequest request, RunListener listener) {
    return new LogitsAnswer(
        LogitsJob.run(request.model(), request.tokens(), request.output(), request.runtime()));
  }

  @Override
  public Answer forward(ForwardRequest request, RunListener listener) {
    return new ForwardAnswer(
        ForwardJob.run(
            request.model(), request.samples(), request.window(), request.runtime(), listener));
  }

  @Override
  public Answer verify(VerifyRequest request, RunListener listener) {
    return new VerifyAnswer(
        VerifyJob.run(
            request.model(), request.against(), request.plan(), request.runtime(), listener));
  }

  @Override
  public Answer gguf(GgufRequest request, RunListener listener) {
    if (request.dryRun()) {
      return new GgufPlanAnswer(
          GgufJob.plan(request.model(), request.output(), request.options(), request.overwrite()));
    }
    return new GgufAnswer(
        GgufJob.run(
            request.model(),
            request.output().orElseThrow(),
            request.options(),
            request.overwrite(),
            listener));
  }

  @Override
  public Answer report(ReportRequest request, RunListener listener) {
    return new ReportAnswer(
        ReportJob.run(
            request.runs(), request.benches(), request.output(), request.overwrite(), listener));
  }

  @Override
  public Answer synthesize(
      Path output, SyntheticModel.Shape shape, long seed, RunListener listener) {
    return new SynthesizeAnswer(output, SyntheticModel.write(output, shape, seed, listener));
  }
}
