package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** From tokens to logits in one call, against one layer after the other. */
class DecodeStepTest {
  private static final FeedForwardProbe LOOKING =
      new FeedForwardProbe() {
        @Override
        public void routed(int layer, Tensor gates, long nanos) {}

        @Override
        public void ran(int layer, long nanos) {}
      };

  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  @ParameterizedTest
  @MethodSource("dev.cmoe.nn.StepModels#all")
  void isTheLayers(Consumer<Path> model) {
    model.accept(dir);
    givesWhatLayersGive();
  }

  /** One sequence goes other ways than several. */
  private void givesWhatLayersGive() {
    int[] prompt = {3, 4, 5, 6, 7, 8, 9};
    givesAloneWhatItGivesTwice(prompt);
    givesWhatLayersGive(List.of(prompt));
    givesWhatLayersGive(List.of(new int[] {1, 2}, new int[] {3, 4, 5, 6, 7, 8, 9}));
  }

  private void givesAloneWhatItGivesTwice(int[] prompt) {
    try (ResidentDecoder model =
            ResidentDecoder.load(Decoder.open(engine, dir, ComputeType.FLOAT32));
        Scope scope = engine.scope();
        Sequences one = model.sequences(1, 12);
        Sequences two = model.sequences(2, 12)) {
      one.prefill(scope, List.of(prompt));
      two.prefill(scope, List.of(prompt, prompt));
      for (int i = 0; i < 4; i++) {
        Matrix alone = Matrix.of(one.step(scope, new int[] {i}));
        Matrix first = Matrix.of(two.step(scope, new int[] {i, i})).rows(0, 1);
        assertThat(alone.distance(first)).isLessThan(1e-5 * first.distance(first.scaled(0)));
      }
    }
  }

  private void givesWhatLayersGive(List<int[]> prompts) {
    int count = prompts.size();
    try (ResidentDecoder model =
            ResidentDecoder.load(Decoder.open(engine, dir, ComputeType.FLOAT32));
        Scope scope = engine.scope();
        Sequences together = model.sequences(count, 12);
        Sequences apart = model.sequences(count, 12, LOOKING)) {
      together.prefill(scope, prompts);
      apart.prefill(scope, prompts);
      for (int i = 0; i < 4; i++) {
        int[] next = Arrays.copyOf(new int[] {7, i}, count);
        Matrix logits = Matrix.of(together.step(scope, next));
        assertThat(Matrix.of(apart.step(scope, next)).distance(logits)).isZero();
        assertThat(logits.distance(logits.scaled(0))).isPositive();
      }
    }
  }
}
