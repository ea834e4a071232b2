package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequencesTest {
  private static final int LENGTH = 12;
  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  @Test
  void givesTheLogitsOfTheFullForward() {
    new TinyModel().biased().write(dir);
    growsAsTheFullForward(ComputeType.FLOAT32, LENGTH, 1e-5);
  }

  @Test
  void givesThemNearlyInBfloat16() {
    new TinyModel().write(dir);
    growsAsTheFullForward(ComputeType.BFLOAT16, LENGTH, 0.15);
  }

  /** Products of so many rows may go another way than those of a step. */
  @Test
  void givesThemNearlyInBfloat16AfterALongPrompt() {
    new TinyModel().biased().write(dir);
    growsAsTheFullForward(ComputeType.BFLOAT16, 90, 0.15);
  }

  private void growsAsTheFullForward(ComputeType type, int length, double within) {
    int[] tokens = TinyModel.windows(1, length).get(0);
    try (ResidentDecoder model = ResidentDecoder.load(TinyModel.open(dir, type));
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(1, length)) {
      Matrix full = full(model.decoder(), tokens);
      int start = length - 7;
      Matrix logits = Matrix.of(sequences.prefill(scope, List.of(Arrays.copyOf(tokens, start))));
      assertThat(logits.distance(full.rows(start - 1, 1))).isLessThan(within);
      for (int t = start; t < length; t++) {
        logits = Matrix.of(sequences.step(scope, new int[] {tokens[t]}));
        assertThat(logits.distance(full.rows(t, 1))).as("token %d", t).isLessThan(within);
      }
      assertThat(sequences.tokens(0)).isEqualTo(tokens);
    }
  }

  private Matrix full(Decoder decoder, int[] tokens) {
    try (Scope scope = engine.scope()) {
      return Matrix.of(decoder.logits(scope, decoder.rows(scope, decoder.run(scope, tokens))));
    }
  }

  @Test
  void sequencesOfAnyLengthGrowSideBySide() {
    new TinyModel().write(dir);
    List<int[]> prompts = new ArrayList<>();
    for (int length : new int[] {1, 7, 3, 7, 2}) {
      prompts.add(TinyModel.windows(length, length).get(length - 1));
    }
    try (ResidentDecoder model = ResidentDecoder.load(TinyModel.open(dir))) {
      List<int[]> together = greedy(model, prompts, 9);
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(together.get(i))
            .isEqualTo(greedy(model, prompts.subList(i, i + 1), 9).get(0))
            .startsWith(prompts.get(i))
            .hasSize(prompts.get(i).length + 9);
      }
    }
  }

  private List<int[]> greedy(ResidentDecoder model, List<int[]> prompts, int steps) {
    int longest = prompts.stream().mapToInt(p -> p.length).max().orElseThrow();
    try (Sequences sequences = model.sequences(prompts.size(), longest + steps);
        Scope scope = engine.scope()) {
      int[] next = model.best(sequences.prefill(scope, prompts));
      for (int s = 0; s < steps; s++) {
        next = model.best(sequences.step(scope, next));
      }
      return java.util.stream.IntStream.range(0, prompts.size())
          .mapToObj(sequences::tokens)
          .toList();
    }
  }

  @Test
  void aSequenceThatEndedStaysAsItIs() {
    new TinyModel().write(dir);
    List<int[]> prompts = TinyModel.windows(2, 4);
    try (ResidentDecoder model = ResidentDecoder.load(TinyModel.open(dir));
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(2, 6)) {
      int[] alone = greedy(model, prompts.subList(1, 2), 2).get(0);
      sequences.prefill(scope, prompts);
      sequences.step(scope, new int[] {0, alone[4]}, new boolean[] {false, true});
      sequences.step(scope, new int[] {0, alone[5]}, new boolean[] {false, true});

      assertThat(sequences.tokens(0)).isEqualTo(prompts.get(0));
      assertThat(sequences.tokens(1)).isEqualTo(alone);
      assertThat(sequences.length(0)).isEqualTo(4);
    }
  }

  @Test
  void beginsAnew() {
    new TinyModel().write(dir);
    List<int[]> prompts = TinyModel.windows(2, 6);
    try (ResidentDecoder model = ResidentDecoder.load(TinyModel.open(dir));
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(1, 8)) {
      Matrix first = Matrix.of(sequences.prefill(scope, prompts.subList(0, 1)));
      sequences.step(scope, new int[] {3});
      sequences.prefill(scope, prompts.subList(1, 2));

      assertThat(Matrix.of(sequences.prefill(scope, prompts.subList(0, 1))).distance(first))
          .isZero();
    }
  }

  @Test
  void tellsOfEachBlockThatRan() {
    TinyModel tiny = new TinyModel().write(dir);
    List<Integer> layers = new ArrayList<>();
    FeedForwardProbe probe =
        new FeedForwardProbe() {
          @Override
          public void routed(int layer, dev.cmoe.engine.Tensor gates, long nanos) {
            throw new AssertionError("a dense block has no router");
          }

          @Override
          public void ran(int layer, long nanos) {
            layers.add(layer);
            assertThat(nanos).isPositive();
          }
        };
    try (ResidentDecoder model = ResidentDecoder.load(TinyModel.open(dir));
        Scope scope = engine.scope();
        Sequences sequences = model.sequences(1, 8, probe)) {
      sequences.prefill(scope, List.of(new int[] {1, 2}));
      sequences.step(scope, new int[] {3});
    }
    assertThat(layers).containsExactly(0, 1, 0, 1).hasSize(2 * tiny.layers());
  }

  /** A step is one call then, and several where somebody looks into it. */
  @Test
  void lookingIntoAStepChangesNothing() {
    new TinyModel().write(dir);
    FeedForwardProbe looking =
        new FeedForwardProbe() {
          @Override
          public void routed(int layer, dev.cmoe.engine.Tensor gates, long nanos) {}

          @Override
          public void ran(int layer, long nanos) {}
        };
    try (ResidentDecoder model = ResidentDecoder.load(TinyModel.open(dir));
        Scope scope = engine.scope();
        Sequences one = model.sequences(2, 8);
        Sequences other = model.sequences(2, 8, looking)) {
      List<int[]> prompts = List.of(new int[] {1, 2}, new int[] {3, 4, 5});
      one.prefill(scope, prompts);
      other.prefill(scope, prompts);
      for (int i = 0; i < 3; i++) {
        Matrix logits = Matrix.of(one.step(scope, new int[] {i, 7}));
        assertThat(Matrix.of(other.step(scope, new int[] {i, 7})).distance(logits)).isZero();
      }
    }
  }
}
