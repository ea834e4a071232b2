package dev.cmoe.cli;

import dev.cmoe.generation.Generator;
import dev.cmoe.job.SyntheticModel;
import dev.cmoe.job.doctor.Check;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Does what the commands ask for. Nothing here prints; each method tells {@code listener} how far
 * it is and throws {@link CmoeException} for a failure that the user can act on.
 */
public interface Workshop {
  Answer carve(CarveRequest request, RunListener listener);

  Answer finetune(FinetuneRequest request, RunListener listener);

  Answer export(ExportRequest request, RunListener listener);

  Answer inspect(InspectRequest request, RunListener listener);

  Answer eval(EvalRequest request, RunListener listener);

  /**
   * @param said hears each piece of text as it comes
   * @param told the answer need not repeat what was said
   */
  Answer generate(
      GenerateRequest request, RunListener listener, Generator.Listener said, boolean told);

  Answer bench(BenchRequest request, RunListener listener);

  /**
   * @param said hears each check as it is made
   * @param told the answer need not repeat what was said
   */
  Answer doctor(DoctorRequest request, RunListener listener, Consumer<Check> said, boolean told);

  Answer logits(LogitsRequest request, RunListener listener);

  Answer forward(ForwardRequest request, RunListener listener);

  Answer verify(VerifyRequest request, RunListener listener);

  Answer gguf(GgufRequest request, RunListener listener);

  Answer report(ReportRequest request, RunListener listener);

  Answer synthesize(Path output, SyntheticModel.Shape shape, long seed, RunListener listener);
}
