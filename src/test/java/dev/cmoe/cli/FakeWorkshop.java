package dev.cmoe.cli;

import dev.cmoe.generation.Generator;
import dev.cmoe.job.SyntheticModel;
import dev.cmoe.job.doctor.Check;
import dev.cmoe.run.RunListener;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;

/** Remembers the request, and answers as it is told. */
final class FakeWorkshop implements Workshop {
  private record Fixed(String text, String json) implements Answer {}

  static final Answer ANSWER = new Fixed("größer\n", "{\"schema\":\"test/1\"}");

  private final Function<RunListener, Answer> work;
  Object request;

  FakeWorkshop(Function<RunListener, Answer> work) {
    this.work = work;
  }

  static FakeWorkshop answering() {
    return new FakeWorkshop(listener -> ANSWER);
  }

  static FakeWorkshop failing(RuntimeException failure) {
    return new FakeWorkshop(
        listener -> {
          throw failure;
        });
  }

  @Override
  public Answer carve(CarveRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer finetune(FinetuneRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer export(ExportRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer inspect(InspectRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer eval(EvalRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer generate(
      GenerateRequest asked, RunListener listener, Generator.Listener said, boolean told) {
    return remember(asked, listener);
  }

  @Override
  public Answer bench(BenchRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer doctor(
      DoctorRequest asked, RunListener listener, Consumer<Check> said, boolean told) {
    return remember(asked, listener);
  }

  @Override
  public Answer logits(LogitsRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer forward(ForwardRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer verify(VerifyRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer gguf(GgufRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer report(ReportRequest asked, RunListener listener) {
    return remember(asked, listener);
  }

  @Override
  public Answer synthesize(
      Path output, SyntheticModel.Shape shape, long seed, RunListener listener) {
    return remember(output, listener);
  }

  private Answer remember(Object asked, RunListener listener) {
    request = asked;
    return work.apply(listener);
  }
}
