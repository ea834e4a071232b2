package dev.cmoe.finetune;

import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.nn.Decoder;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A run of training: steps, measurements on held-out text, saved states. Nothing in it depends on
 * anything but the model, the text and the spec, so a run that is killed and resumed ends with the
 * same parameters as one that is not.
 */
public final class Trainer implements AutoCloseable {
  private final TrainedModel model;
  private final TrainingSpec spec;
  private final TrainingText text;
  private final Distillation distillation;
  private final LossHead head;
  private final TrainingStep step;
  private final Adam adam;
  private final HeldOut heldOut;
  private final RunListener listener;
  private TrainingHistory history = TrainingHistory.empty();
  private long[][] loadBefore = {};
  private long steps;
  private long updates;
  private int skipped;
  private long tokens;

  /**
   * @param student stays the caller's, as does the teacher
   * @throws CmoeException of kind USAGE or UNSUPPORTED for what the student cannot train
   */
  public Trainer(
      Decoder student,
      Optional<Decoder> teacher,
      TrainingSpec spec,
      TrainingText text,
      RunListener listener) {
    this.model = TrainedModel.begin(student, spec);
    this.spec = spec;
    this.text = text;
    this.listener = listener;
    this.distillation = teacher.isPresent() ? spec.distillation() : Distillation.NONE;
    this.head = new LossHead(student, teacher, distillation);
    this.step = new TrainingStep(model, teacher, head, spec);
    this.adam = new Adam(student.engine(), spec.optimizer(), spec.steps());
    this.heldOut = new HeldOut(model, head, text.heldOut(), spec.microBatch());
  }

  /**
   * What a run gives beside parameters.
   *
   * @param loadBefore tokens of the held-out text that chose each expert, by layer, before training
   */
  public record Result(TrainingHistory history, long[][] loadBefore, long[][] loadAfter) {}

  /**
   * Trains to the end, from the saved state where there is one.
   *
   * @throws CmoeException of kind VERIFICATION when losses stay no numbers, of kind RESOURCES when
   *     a state cannot be saved, of kind BAD_INPUT for a state of another run
   */
  public Result run(TrainingState state) {
    if (state.exists()) {
      TrainingState.Numbers numbers = state.restore(model);
      steps = numbers.steps();
      updates = numbers.updates();
      skipped = numbers.skipped();
      history = numbers.history();
      loadBefore = numbers.loadBefore();
      listener.note("resumed after step " + steps + " of " + spec.steps());
    } else {
      loadBefore = measure();
    }
    try (Stage stage = Stage.start(listener, "fine-tuning", "steps", spec.steps() - steps)) {
      long from = steps;
      while (steps < spec.steps()) {
        double seconds = stage.seconds();
        String detail = next();
        double rate = spec.batch() * (double) text.length() / (stage.seconds() - seconds);
        stage.advance(steps - from, detail + String.format(Locale.ROOT, ", %,.0f tokens/s", rate));
        boolean last = steps == spec.steps();
        if (!last && spec.evaluateEvery() > 0 && steps % spec.evaluateEvery() == 0) {
          measure();
        }
        // After the last step as well: the result may not fit on the disk.
        if (spec.saveEvery() > 0 && (last || steps % spec.saveEvery() == 0)) {
          state.save(model, steps, updates, skipped, history, loadBefore);
        }
      }
    }
    long[][] loadAfter = measure();
    return new Result(history.frozen(), loadBefore, loadAfter);
  }

  private long[][] measure() {
    if (text.heldOut().isEmpty()) {
      return new long[0][];
    }
    HeldOut.Result result = heldOut.measure();
    history.measures().add(new TrainingHistory.Measure(steps, result.perplexity()));
    listener.note(
        String.format(
            Locale.ROOT, "step %d: perplexity %.3f on held-out text", steps, result.perplexity()));
    return result.load();
  }

  /** One step; what to say about it. */
  private String next() {
    List<int[]> windows = text.batch(spec.seed(), steps * spec.batch(), spec.batch());
    double[] sums = step.run(windows, steps);
    double tokens = (windows.get(0).length - 1.0) * windows.size();
    double entropy = sums[0] / tokens;
    double divergence = sums[1] / tokens;
    double loss = distillation.loss(entropy, divergence);
    double length = adam.length(model.parameters());
    boolean sound = Double.isFinite(loss) && Double.isFinite(length);
    if (sound) {
      adam.update(model.parameters(), updates, length);
      if (spec.kinds().contains(TrainedKind.BIAS)) {
        model.balance().move(spec.balance());
      }
      updates++;
      skipped = 0;
    } else {
      skipped++;
      listener.warn("step " + steps + ": the loss or its gradient is no number; skipped");
      if (skipped > spec.skips()) {
        throw CmoeException.verification(
            "%d steps in a row had a loss or gradient that is no number; lower the learning rates, or check the model and the text"
                .formatted(skipped));
      }
    }
    history.steps().add(new TrainingHistory.Step(steps, loss, entropy, divergence, length, !sound));
    steps++;
    this.tokens += (long) windows.size() * windows.get(0).length;
    return String.format(Locale.ROOT, "loss %.4f", loss);
  }

  /** The model as it is trained so far, in the own format. */
  public TensorStore merged() {
    return new MergedModel(model);
  }

  /**
   * Writes what was trained as PEFT loads it.
   *
   * @param directory exists
   * @param base where the model that was trained lies in the own format; empty where it does not
   */
  public void writeAdapter(Path directory, Optional<String> base) {
    new PeftAdapter(model).write(directory, base);
  }

  /** Tokens that this process trained on. */
  public long tokens() {
    return tokens;
  }

  /** The model as far as it is trained. */
  TrainedModel model() {
    return model;
  }

  @Override
  public void close() {
    head.close();
    model.close();
  }
}
