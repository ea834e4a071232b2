package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.calibration.TokenWindows;
import dev.cmoe.eval.Evaluator;
import dev.cmoe.nn.Decoder;
import dev.cmoe.report.LoadImbalance;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.RunEvent;
import dev.cmoe.run.RunListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final TrainingText TEXT =
      new TrainingText(TinyCarved.windows(240, 16), TinyCarved.windows(260, 16).subList(240, 260));

  @TempDir Path dir;

  @BeforeEach
  void writeModel() {
    new TinyCarved().write(dir.resolve("model"), "llama");
  }

  private record Ended(Trainer.Result result, List<float[]> tensors, List<float[]> biases) {}

  private TrainingState state(String name) {
    return new TrainingState(dir.resolve(name), "print");
  }

  private Ended train(Specs specs, TrainingState state, RunListener listener) {
    return train(specs, state, listener, false);
  }

  private Ended train(Specs specs, TrainingState state, RunListener listener, boolean taught) {
    new TinyCarved().router(dev.cmoe.arch.RouterKind.NONE).write(dir.resolve("teacher"), "qwen3");
    try (Decoder student = TinyCarved.open(dir.resolve("model"));
        Decoder teacher = TinyCarved.open(dir.resolve("teacher"));
        Trainer trainer =
            new Trainer(
                student,
                taught ? Optional.of(teacher) : Optional.empty(),
                specs.build(),
                TEXT,
                listener)) {
      Trainer.Result result = trainer.run(state);
      List<float[]> tensors = new ArrayList<>();
      for (Parameters.Entry entry : trainer.model().parameters().entries()) {
        tensors.add(entry.value().toFloats());
        tensors.add(entry.first().toFloats());
        tensors.add(entry.second().toFloats());
      }
      List<float[]> biases =
          IntStream.range(0, 3).mapToObj(i -> trainer.model().balance().bias(i)).toList();
      return new Ended(result, tensors, biases);
    }
  }

  private Ended train(Specs specs) {
    return train(specs, state("none"), RunListener.SILENT);
  }

  private static void same(Ended one, Ended other) {
    assertThat(one.tensors()).hasSameSizeAs(other.tensors());
    for (int i = 0; i < one.tensors().size(); i++) {
      assertThat(one.tensors().get(i)).containsExactly(other.tensors().get(i));
    }
    for (int i = 0; i < one.biases().size(); i++) {
      assertThat(one.biases().get(i)).containsExactly(other.biases().get(i));
    }
    assertThat(one.result().history()).isEqualTo(other.result().history());
    assertThat(one.result().loadBefore()).isDeepEqualTo(other.result().loadBefore());
    assertThat(one.result().loadAfter()).isDeepEqualTo(other.result().loadAfter());
    assertThat(one.result().teacher()).isEqualTo(other.result().teacher());
  }

  @Test
  void learns() {
    TrainingHistory history = train(new Specs().steps(60).evaluateEvery(20)).result().history();
    List<TrainingHistory.Measure> measures = history.measures();

    assertThat(measures)
        .extracting(TrainingHistory.Measure::step)
        .containsExactly(0L, 20L, 40L, 60L);
    assertThat(history.steps()).hasSize(60);
    assertThat(history.steps().get(59).loss()).isLessThan(0.8 * history.steps().get(0).loss());
    assertThat(measures.get(3).perplexity()).isLessThan(0.6 * measures.get(0).perplexity());
    assertThat(measures.get(3).perplexity()).isLessThan(measures.get(1).perplexity());
  }

  @Test
  void followsATeacher() {
    Trainer.Result result =
        train(new Specs().steps(60), state("none"), RunListener.SILENT, true).result();
    TrainingHistory history = result.history();

    try (Decoder teacher = TinyCarved.open(dir.resolve("teacher"))) {
      double perplexity =
          new Evaluator(RunListener.SILENT)
              .evaluate(teacher, Optional.empty(), new TokenWindows(16, TEXT.heldOut()))
              .perplexity()
              .value();
      assertThat(result.teacher().orElseThrow())
          .isCloseTo(perplexity, Offset.offset(1e-5 * perplexity));
    }
    assertThat(history.steps().get(59).divergence())
        .isPositive()
        .isLessThan(0.8 * history.steps().get(0).divergence());
    TrainingHistory.Step first = history.steps().get(0);
    assertThat(first.loss())
        .isCloseTo((first.entropy() + first.divergence()) / 2, Offset.offset(1e-12));
  }

  @Test
  void resumesAsIfNothingHadHappened() {
    Specs specs = new Specs().steps(9).saveEvery(2).evaluateEvery(3).dropout(0.2).clip(0.5);
    Ended whole = train(specs, state("none"), RunListener.SILENT, true);
    assertThat(whole.result().resumed()).isEmpty();
    assertThat(whole.result().teacher()).isPresent();
    assertThat(whole.result().loadBefore()).hasDimensions(3, 6);
    for (int stop : new int[] {1, 4, 7}) {
      TrainingState state = state("state" + stop);
      assertThatThrownBy(() -> train(specs, state, stopAt(stop), true))
          .isInstanceOf(IllegalStateException.class);
      boolean saved = state.exists();
      Ended resumed = train(specs, state, RunListener.SILENT, true);
      same(resumed, whole);
      assertThat(resumed.result().resumed().isPresent()).isEqualTo(saved);
      assertThat(state.exists()).isTrue();
    }
    Trainer.Result again = train(specs, state("again"), RunListener.SILENT, true).result();
    assertThat(again.history()).isEqualTo(whole.result().history());
  }

  @Test
  void resumingCountsTheTimeOfAllProcesses() {
    Specs specs = new Specs().steps(8).saveEvery(8);
    Trainer.Result whole = train(specs, state("state"), RunListener.SILENT).result();
    // The state of the last step is left; the process that finds it has no step to run.
    Trainer.Result resumed = train(specs, state("state"), RunListener.SILENT).result();

    assertThat(resumed.resumed()).hasValue(8);
    assertThat(whole.seconds()).isPositive();
    assertThat(resumed.seconds()).isEqualTo(whole.seconds());
  }

  @Test
  void saysWhatWasTrained() {
    Trainer.Result result = train(new Specs().steps(2)).result();

    assertThat(result.trained().keySet()).isEqualTo(EnumSet.allOf(TrainedKind.class));
    assertThat(result.trained().get(TrainedKind.BIAS)).isEqualTo(3 * 6);
    assertThat(result.trained().get(TrainedKind.GATES)).isEqualTo(3 * 6);
    assertThat(result.trained().get(TrainedKind.ROUTER)).isEqualTo(3 * 6 * (TinyCarved.HIDDEN + 1));
    assertThat(result.history().steps())
        .extracting(TrainingHistory.Step::rate)
        .containsExactly(0.5, 1.0);
  }

  private static RunListener stopAt(int step) {
    return event -> {
      if (event instanceof RunEvent.Advanced advanced && advanced.done() == step) {
        throw new IllegalStateException("stopped");
      }
    };
  }

  @Test
  void refusesTheStateOfAnotherRun() {
    Specs specs = new Specs().steps(4).saveEvery(2);
    train(specs, state("state"), RunListener.SILENT);

    assertThatThrownBy(
            () ->
                train(
                    specs, new TrainingState(dir.resolve("state"), "another"), RunListener.SILENT))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
        .hasMessageContaining("was saved by a run with another model, other data");
  }

  @Test
  void refusesAStateThatIsNone() throws IOException {
    Files.writeString(dir.resolve("state"), "no state");

    assertThatThrownBy(() -> train(new Specs(), state("state"), RunListener.SILENT))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
        .hasMessageContaining(dir.resolve("state").toString())
        .hasMessageEndingWith("; delete it to begin anew");
  }

  @Test
  void makesTheFolderOfItsStates() {
    Ended ended =
        train(new Specs().steps(2).saveEvery(1), state("new/folder/state"), RunListener.SILENT);

    assertThat(dir.resolve("new/folder/state")).exists();
    assertThat(ended.result().history().steps()).hasSize(2);
  }

  @Test
  void keepsTheLastStateWhenTheNextCannotBeWritten() throws IOException {
    Specs specs = new Specs().steps(6).saveEvery(2);
    Ended whole = train(specs);
    assertThatThrownBy(
            () ->
                train(
                    specs,
                    state("state"),
                    event -> {
                      // After the first state is written, the place of the next is taken.
                      if (event instanceof RunEvent.Advanced advanced && advanced.done() == 3) {
                        dir.resolve("state.partial").toFile().mkdir();
                      }
                    }))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.RESOURCES));
    Files.delete(dir.resolve("state.partial"));
    List<String> notes = new ArrayList<>();
    Ended resumed =
        train(
            specs,
            state("state"),
            event -> {
              if (event instanceof RunEvent.Note note) {
                notes.add(note.text());
              }
            });

    assertThat(notes).contains("resumed after step 2 of 6");
    same(resumed, whole);
  }

  @Test
  void changesNothingAtARateOfZero() {
    Ended ended = train(new Specs().rate(0).balance(0).steps(3));
    try (Decoder student = TinyCarved.open(dir.resolve("model"));
        TrainedModel fresh = TrainedModel.begin(student, new Specs().build())) {
      List<Parameters.Entry> entries = fresh.parameters().entries();
      for (int i = 0; i < entries.size(); i++) {
        assertThat(ended.tensors().get(3 * i)).containsExactly(entries.get(i).value().toFloats());
      }
      for (int i = 0; i < 3; i++) {
        assertThat(ended.biases().get(i)).containsExactly(fresh.balance().bias(i));
      }
    }
    List<TrainingHistory.Measure> measures = ended.result().history().measures();
    assertThat(measures.get(1).perplexity()).isEqualTo(measures.get(0).perplexity());
  }

  @Test
  void sumsGradientsOverPartsOfABatch() {
    List<float[]> together = train(new Specs().steps(1).micro(4)).tensors();
    List<float[]> apart = train(new Specs().steps(1).micro(1)).tensors();

    for (int i = 1; i < together.size(); i += 3) {
      float[] first = together.get(i);
      double largest =
          IntStream.range(0, first.length).mapToDouble(j -> Math.abs(first[j])).max().orElse(0);
      assertThat(apart.get(i))
          .containsExactly(first, Offset.offset((float) (1e-4 * largest + 1e-9)));
    }
  }

  @Test
  void evensOutTheLoad() {
    Set<TrainedKind> bias = EnumSet.of(TrainedKind.BIAS);
    Trainer.Result result = train(new Specs().kinds(bias).balance(0.05).steps(40)).result();

    assertThat(imbalance(result.loadAfter())).isLessThan(0.8 * imbalance(result.loadBefore()));
    List<TrainingHistory.Measure> measures = result.history().measures();
    assertThat(measures.get(0).imbalance()).isEqualTo(imbalance(result.loadBefore()));
    assertThat(measures.get(1).imbalance()).isEqualTo(imbalance(result.loadAfter()));
  }

  private static double imbalance(long[][] load) {
    return LoadImbalance.mean(List.of(load)).orElseThrow();
  }

  @Test
  void stopsWhenLossesStayNoNumbers() {
    List<String> warnings = new ArrayList<>();
    assertThatThrownBy(
            () ->
                train(
                    new Specs().rate(1e25).steps(20),
                    state("none"),
                    event -> {
                      if (event instanceof RunEvent.Warned warned) {
                        warnings.add(warned.text());
                      }
                    }))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.VERIFICATION))
        .hasMessageContaining("3 steps in a row had a loss or gradient that is no number");
    assertThat(warnings).hasSize(3);
  }

  @Test
  void learnsRoutersAndScalesAlone() {
    for (TrainedKind kind : List.of(TrainedKind.ROUTER, TrainedKind.GATES, TrainedKind.LORA)) {
      List<TrainingHistory.Measure> measures =
          train(new Specs().kinds(EnumSet.of(kind)).steps(40)).result().history().measures();

      assertThat(measures.get(1).perplexity())
          .as(kind.toString())
          .isLessThan(measures.get(0).perplexity());
    }
  }
}
