package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import dev.cmoe.finetune.TinyCarved;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The last layer for the last token of each prompt alone, against all of it. */
class PrefillTest {
  private static final List<int[]> PROMPTS =
      List.of(new int[] {5}, new int[] {3, 4, 5, 6, 7, 8, 9}, new int[] {1, 2, 3});

  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("dev.cmoe.nn.StepModels#all")
  void givesWhatTheWholeLastLayerGives(Consumer<Path> model) {
    model.accept(dir);
    try (ResidentDecoder decoder = open(ComputeType.FLOAT32)) {
      givesTheSame(decoder, PROMPTS, 1e-5);
      for (int[] prompt : PROMPTS) {
        givesTheSame(decoder, List.of(prompt), 1e-5);
      }
    }
  }

  /** Without routers, which rounding may lead to another expert. */
  @ParameterizedTest
  @MethodSource("dev.cmoe.finetune.TinyCarved#families")
  void givesItNearlyInBfloat16(String family) {
    new TinyCarved().router(RouterKind.NONE).write(dir, family);
    try (ResidentDecoder decoder = open(ComputeType.BFLOAT16)) {
      givesTheSame(decoder, PROMPTS, 0.05);
    }
  }

  /** The steps read the keys and values that the prompts left. */
  private void givesTheSame(ResidentDecoder model, List<int[]> prompts, double within) {
    try (Scope scope = engine.scope();
        Sequences last = model.sequences(prompts.size(), 12);
        Sequences whole = model.sequences(prompts.size(), 12, new Heard(true))) {
      isNear(last.prefill(scope, prompts), whole.prefill(scope, prompts), within);
      for (int i = 0; i < 3; i++) {
        int[] next = new int[prompts.size()];
        Arrays.fill(next, 7 + i);
        isNear(last.step(scope, next), whole.step(scope, next), within);
      }
    }
  }

  private static void isNear(Tensor logits, Tensor expected, double within) {
    Matrix values = Matrix.of(expected);
    assertThat(Matrix.of(logits).distance(values))
        .isLessThan(within * values.distance(values.scaled(0)));
  }

  @Test
  void theProbeSaysOfWhichTokensItWantsToHear() {
    new TinyCarved().router(RouterKind.LINEAR).write(dir, "llama");
    int all = PROMPTS.size() * 7;
    assertThat(routed(new Heard(false))).containsExactly(all, all, PROMPTS.size());
    assertThat(routed(new Heard(true))).containsExactly(all, all, all);
  }

  /** Tokens that went through the router of each layer, padding included. */
  private List<Integer> routed(Heard probe) {
    try (ResidentDecoder model = open(ComputeType.FLOAT32);
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(PROMPTS.size(), 12, probe)) {
      sequences.prefill(scope, PROMPTS);
    }
    return probe.gates().stream().map(Matrix::rows).toList();
  }

  private ResidentDecoder open(ComputeType type) {
    return ResidentDecoder.load(Decoder.open(engine, dir, type));
  }
}
