package dev.cmoe.report;

import java.util.List;
import java.util.Objects;

/**
 * What a fine-tuning was asked for.
 *
 * @param input the carved model as typed
 * @param output directory that the model was written to
 * @param experts the split in {@code SxAyEz} notation
 * @param preset by which the experts were chosen; null where that is not known
 * @param format layout of the output, such as {@code cmoe}
 * @param model the dense model that was carved
 * @param text names of the texts trained on
 * @param teacher the dense model that the run learned from, as typed; null without
 * @param seed of everything random
 * @param computeDtype element type the engine computed in
 * @param threads CPU threads of the engine
 * @param settings resolved, in the order they should be read
 */
public record FinetuneSetup(
    String input,
    String output,
    String experts,
    String preset,
    String format,
    CarvedModel model,
    String text,
    String teacher,
    long seed,
    String computeDtype,
    int threads,
    List<RunSetting> settings) {
  public FinetuneSetup {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(output, "output");
    Objects.requireNonNull(experts, "experts");
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(model, "model");
    settings = settings == null ? List.of() : List.copyOf(settings);
  }

  FinetuneSetup writtenTo(String directory, String as) {
    return new FinetuneSetup(
        input,
        directory,
        experts,
        preset,
        as,
        model,
        text,
        teacher,
        seed,
        computeDtype,
        threads,
        settings);
  }
}
