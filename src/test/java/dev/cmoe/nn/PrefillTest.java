package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
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
    try (ResidentDecoder decoder = open()) {
      givesTheSame(decoder, PROMPTS);
      for (int[] prompt : PROMPTS) {
        givesTheSame(decoder, List.of(prompt));
      }
    }
  }

  /** The steps read the keys and values that the prompts left. */
  private void givesTheSame(ResidentDecoder model, List<int[]> prompts) {
    try (Scope scope = engine.scope();
        Sequences last = model.sequences(prompts.size(), 12);
        Sequences whole = model.sequences(prompts.size(), 12, new Heard(true))) {
      isNear(Matrix.of(last.prefill(scope, prompts)), Matrix.of(whole.prefill(scope, prompts)));
      for (int i = 0; i < 3; i++) {
        int[] next = new int[prompts.size()];
        Arrays.fill(next, 7 + i);
        isNear(Matrix.of(last.step(scope, next)), Matrix.of(whole.step(scope, next)));
      }
    }
  }

  private static void isNear(Matrix logits, Matrix expected) {
    assertThat(logits.distance(expected)).isLessThan(1e-5 * expected.distance(expected.scaled(0)));
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
    try (ResidentDecoder model = open();
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(PROMPTS.size(), 12, probe)) {
      sequences.prefill(scope, PROMPTS);
    }
    return probe.gates().stream().map(Matrix::rows).toList();
  }

  private ResidentDecoder open() {
    return ResidentDecoder.load(Decoder.open(engine, dir, ComputeType.FLOAT32));
  }
}
