package dev.cmoe.finetune;

import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.nn.Decoder;
import dev.cmoe.report.LoadImbalance;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * A run of training: steps, measurements on held-out text, saved states. Nothing in it depends on
 * anything but the model, the text and the spec, so a run that is killed and resumed ends with the
 * same parameters as one that is not.
 */
public final class Trainer implements AutoCloseable {
  private final TrainedModel model;
  private final Optional<Decoder> teacher;
  private final TrainingSpec spec;
  private final TrainingText text;
  private final Distillation distillation;
  private final LossHead head;
  private final TrainingStep step;
  private final Adam adam;
  private final HeldOut heldOut;
  private final RunListener listener;
  private TrainingHistory history = TrainingHistory.empty();
  private TrainingState.Baseline before = new TrainingState.Baseline(new long[0][], null);
  private long steps;
  private long updates;
  private int skipped;
  private double seconds;

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
    this.teacher = teacher;
    this.spec = spec;
    this.text = text;
    this.listener = listener;
    this.distillation = teacher.isPresent() ? spec.distillation() : Distillation.NONE;
    this.head = new LossHead(student, teacher, distillation);
    this.step = new TrainingStep(model, teacher, head, spec, text.length());
    this.adam = new Adam(student.engine(), spec.optimizer(), spec.steps());
    this.heldOut = new HeldOut(model, head, text.heldOut(), spec.microBatch());
  }

  /**
   * What a run gives beside parameters.
   *
   * @param loadBefore tokens of the held-out text that chose each expert, by layer, before training
   * @param teacher its perplexity on the held-out text
   * @param trained values by kind, selection biases included
   * @param resumed steps that an earlier process had done, where this one went on from a state
   * @param seconds that the steps took, whichever processes ran them
   */
  public record Result(
      TrainingHistory history,
      long[][] loadBefore,
      long[][] loadAfter,
      OptionalDouble teacher,
      Map<TrainedKind, Long> trained,
      OptionalLong resumed,
      double seconds) {}

  /**
   * Trains to the end, from the saved state where there is one.
   *
   * @throws CmoeException of kind VERIFICATION when losses stay no numbers, of kind RESOURCES when
   *     a state cannot be saved, of kind BAD_INPUT for a state of another run
   */
  public Result run(TrainingState state) {
    OptionalLong resumed = OptionalLong.empty();
    if (state.exists()) {
      TrainingState.Progress progress = state.restore(model);
      steps = progress.steps();
      updates = progress.updates();
      skipped = progress.skipped();
      seconds = progress.seconds();
      history = progress.history();
      before = progress.before();
      resumed = OptionalLong.of(steps);
      listener.note("resumed after step " + steps + " of " + spec.steps());
    } else {
      before =
          inStage(
              "measuring before", () -> new TrainingState.Baseline(measure(), measureTeacher()));
    }
    try (Stage stage = Stage.start(listener, "fine-tuning", "steps", spec.steps() - steps)) {
      long from = steps;
      while (steps < spec.steps()) {
        double begun = stage.seconds();
        String detail = next();
        double took = stage.seconds() - begun;
        seconds += took;
        double rate = spec.batch() * (double) text.length() / took;
        stage.advance(steps - from, detail + String.format(Locale.ROOT, ", %,.0f tokens/s", rate));
        boolean last = steps == spec.steps();
        if (!last && spec.evaluateEvery() > 0 && steps % spec.evaluateEvery() == 0) {
          measure();
        }
        // After the last step as well: the result may not fit on the disk.
        if (spec.saveEvery() > 0 && (last || steps % spec.saveEvery() == 0)) {
          state.save(
              model, new TrainingState.Progress(steps, updates, skipped, seconds, history, before));
        }
      }
    }
    long[][] loadAfter = inStage("measuring after", this::measure);
    return new Result(
        history.frozen(),
        before.load(),
        loadAfter,
        before.teacher() == null ? OptionalDouble.empty() : OptionalDouble.of(before.teacher()),
        trained(),
        resumed,
        seconds);
  }

  /** Measures as a stage of its own, so that its time and memory are told apart. */
  private <T> T inStage(String name, Supplier<T> measuring) {
    Stage stage = Stage.start(listener, name, "", 0);
    T measured = measuring.get();
    stage.close();
    return measured;
  }

  private Map<TrainedKind, Long> trained() {
    Map<TrainedKind, Long> values = new EnumMap<>(TrainedKind.class);
    for (TrainedKind kind : spec.kinds()) {
      long count =
          model.parameters().of(kind).stream()
              .mapToLong(entry -> entry.parameter().elements())
              .sum();
      values.put(kind, kind == TrainedKind.BIAS ? model.balance().size() : count);
    }
    return values;
  }

  private Double measureTeacher() {
    if (teacher.isEmpty() || text.heldOut().isEmpty()) {
      return null;
    }
    double perplexity = heldOut.perplexity(teacher.get());
    listener.note(
        String.format(Locale.ROOT, "teacher: perplexity %.3f on held-out text", perplexity));
    return perplexity;
  }

  private long[][] measure() {
    if (text.heldOut().isEmpty()) {
      return new long[0][];
    }
    HeldOut.Result result = heldOut.measure();
    double imbalance = LoadImbalance.mean(List.of(result.load())).orElse(0);
    history.measures().add(new TrainingHistory.Measure(steps, result.perplexity(), imbalance));
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
    double rate = adam.rate(updates);
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
    history
        .steps()
        .add(new TrainingHistory.Step(steps, loss, entropy, divergence, length, rate, !sound));
    steps++;
    return String.format(Locale.ROOT, "loss %.4f", loss);
  }

  /** The model as it is trained so far, in the own format; read while this is open. */
  public TensorStore merged() {
    return new MergedModel(model);
  }

  /**
   * Writes what was trained as PEFT loads it.
   *
   * @param merged the model as it is trained so far
   * @param directory exists
   * @param base where the model that was trained lies in the own format; empty where it does not
   */
  public void writeAdapter(TensorStore merged, Path directory, Optional<String> base) {
    new PeftAdapter(model, merged).write(directory, base);
  }

  /** The model as far as it is trained. */
  TrainedModel model() {
    return model;
  }

  @Override
  public void close() {
    step.close();
    head.close();
    model.close();
  }
}
