package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.RouterKind;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.export.CarvedSource;
import dev.cmoe.export.Glm4MoeFormat;
import dev.cmoe.export.SafetensorsFormat;
import dev.cmoe.finetune.TinyCarved;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The step in Java, against that of the kernels: bfloat16, so they differ by its rounding. */
@EnabledForJreRange(max = JRE.JAVA_18)
class RowStepTest {
  private static final int[] PROMPT = {3, 4, 5, 6, 7, 8, 9};
  private static final int CAPACITY = 12;

  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("dev.cmoe.nn.StepModels#all")
  void isTheKernelsStep(Consumer<Path> model) {
    model.accept(dir);
    givesWhatTheKernelGives(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3", "gemma2", "phi"})
  void isTheKernelsStepOfWideModels(String family) {
    new TinyCarved().scaled().wide().write(dir, family);
    givesWhatTheKernelGives(2);
  }

  /** Whose experts are a tensor each. */
  @Test
  void isTheKernelsStepOfANativeFormat() throws IOException {
    Path own = new TinyCarved().write(dir.resolve("own"), "qwen2");
    SafetensorsFormat format = new Glm4MoeFormat();
    try (Checkpoint model = Checkpoint.open(own);
        Stage stage = Stage.start(RunListener.SILENT, "", "", 0)) {
      CarvedSource source = new CarvedSource(model);
      assertThat(format.refusal(source.outline())).isEmpty();
      format.write(source, dir, 1 << 20, stage);
    }
    givesWhatTheKernelGives(2);
  }

  /** The angles of all tokens change with the tenth. */
  @Test
  void isTheKernelsStepWhereASequenceOutgrowsItsAngles() {
    new TinyCarved()
        .with(
            "'original_max_position_embeddings': 9, 'rope_scaling': {'type': 'longrope',"
                + " 'short_factor': [1, 1], 'long_factor': [2, 8]}")
        .write(dir, "phi3");
    givesWhatTheKernelGives(2);
  }

  /** More threads than heads, too. */
  @ParameterizedTest
  @ValueSource(ints = {1, 9})
  void isTheKernelsStepWithBiasesOnAnyNumberOfThreads(int threads) {
    new TinyCarved().write(dir, "llama");
    givesWhatTheKernelGives(threads);
  }

  private void givesWhatTheKernelGives(int threads) {
    try (ResidentDecoder kernels = open();
        ResidentDecoder rows = open();
        Scope scope = engine.scope();
        Sequences expected = kernels.sequences(1, CAPACITY);
        Sequences found = rows.sequences(1, CAPACITY)) {
      rows.stepInJava(threads);
      expected.prefill(scope, List.of(PROMPT));
      found.prefill(scope, List.of(PROMPT));
      for (int i = 0; PROMPT.length + i < CAPACITY; i++) {
        Matrix logits = Matrix.of(expected.step(scope, new int[] {i}));
        double size = logits.distance(logits.scaled(0));
        assertThat(Matrix.of(found.step(scope, new int[] {i})).distance(logits))
            .isLessThan(0.05 * size);
      }
      assertThat(found.tokens(0)).isEqualTo(expected.tokens(0));
    }
  }

  @Test
  void givesTheSameHoweverManyThreadsShareIt() {
    new TinyCarved().scaled().write(dir, "qwen3");
    assertThat(lastLogits(2).distance(lastLogits(1))).isZero();
    assertThat(lastLogits(5).distance(lastLogits(1))).isZero();
  }

  private Matrix lastLogits(int threads) {
    try (ResidentDecoder model = open();
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(1, CAPACITY)) {
      model.stepInJava(threads);
      sequences.prefill(scope, List.of(PROMPT));
      sequences.step(scope, new int[] {1});
      return Matrix.of(sequences.step(scope, new int[] {2}));
    }
  }

  /** And several sequences of such a model go through the kernels. */
  @Test
  void sequencesOfAModelCanBeUnderWayTogether() {
    new TinyCarved().write(dir, "llama");
    try (ResidentDecoder model = open();
        Scope scope = engine.scope();
        Sequences one = model.sequences(1, CAPACITY);
        Sequences other = model.sequences(1, CAPACITY);
        Sequences both = model.sequences(2, CAPACITY)) {
      model.stepInJava(2);
      int[] second = {1, 2};
      one.prefill(scope, List.of(PROMPT));
      other.prefill(scope, List.of(second));
      both.prefill(scope, List.of(PROMPT, second));
      for (int i = 0; i < 4; i++) {
        Matrix first = Matrix.of(one.step(scope, new int[] {i}));
        Matrix then = Matrix.of(other.step(scope, new int[] {i}));
        Matrix together = Matrix.of(both.step(scope, new int[] {i, i}));
        double size = together.distance(together.scaled(0));
        assertThat(together.rows(0, 1).distance(first)).isLessThan(0.05 * size);
        assertThat(together.rows(1, 1).distance(then)).isLessThan(0.05 * size);
      }
    }
  }

  @Test
  void tellsOfBlocksAndRoutersAsLayersDo() {
    new TinyCarved().router(RouterKind.LINEAR).scaled().write(dir, "llama");
    Heard kernels = new Heard(false);
    Heard rows = new Heard(false);
    try (ResidentDecoder model = open();
        Scope scope = engine.scope()) {
      listen(model, scope, kernels);
      model.stepInJava(2);
      listen(model, scope, rows);
    }
    assertThat(rows.layers()).isNotEmpty().isEqualTo(kernels.layers());
    assertThat(rows.gates()).hasSameSizeAs(kernels.gates());
    for (int i = 0; i < rows.gates().size(); i++) {
      assertThat(rows.gates().get(i).distance(kernels.gates().get(i))).isLessThan(0.02);
    }
  }

  private static void listen(ResidentDecoder model, Scope scope, Heard probe) {
    try (Sequences sequences = model.sequences(1, CAPACITY, probe)) {
      sequences.prefill(scope, List.of(PROMPT));
      probe.clear();
      sequences.step(scope, new int[] {1});
    }
  }

  /** Small models are done before Java has compiled its loops. */
  @Test
  void isNotForSmallModels() {
    new TinyCarved().write(dir, "llama");
    try (ResidentDecoder model = open()) {
      assertThat(model.stepsInJava()).isFalse();
      model.stepInJava(1);
      assertThat(model.stepsInJava()).isTrue();
    }
  }

  @Test
  void isForModelsOfAGibibyteWhoseTensorsCanBeCounted() {
    assertThat(RowStep.isOfASize(1 << 28, 1 << 28)).isTrue();
    assertThat(RowStep.isOfASize(1 << 28, (1 << 28) - 1)).isFalse();
    assertThat(RowStep.isOfASize(1L << 30, 1 << 28)).isFalse();
    assertThat(RowStep.isOfASize((1L << 30) - 1)).isTrue();
  }

  private ResidentDecoder open() {
    return ResidentDecoder.load(Decoder.open(engine, dir, ComputeType.BFLOAT16));
  }
}
