package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.safetensors.DType;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecoderTest {
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6};
  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  @Test
  void agreesWithPlainArithmetic() {
    agrees(new TinyModel(), 1e-4);
  }

  @Test
  void agreesWithBiasesAndATiedHead() {
    agrees(new TinyModel().biased().tied(), 1e-4);
  }

  @Test
  void agreesForWeightsOfMixedTypes() {
    agrees(new TinyModel().stored(DType.BF16, DType.F16).biased(), 1e-4);
  }

  private void agrees(TinyModel model, double within) {
    Matrix expected = new ReferenceDecoder(model.write(dir)).logits(TOKENS);
    assertThat(logits(ComputeType.FLOAT32).distance(expected)).isLessThan(within);
  }

  @Test
  void staysNearInBfloat16() {
    Matrix expected = new ReferenceDecoder(new TinyModel().biased().write(dir)).logits(TOKENS);
    Matrix logits = logits(ComputeType.BFLOAT16);
    double error = logits.minus(expected).sumOfSquares() / expected.sumOfSquares();

    assertThat(error).isPositive().isLessThan(1e-3);
  }

  private Matrix logits(ComputeType type) {
    try (Decoder decoder = TinyModel.open(dir, type);
        Scope scope = engine.scope()) {
      Tensor last = decoder.run(scope, TOKENS);
      return Matrix.of(decoder.logits(scope, decoder.rows(scope, last)));
    }
  }

  @Test
  void refusesIdsOutsideTheVocabulary() {
    new TinyModel().write(dir);
    try (Decoder decoder = TinyModel.open(dir);
        Scope scope = engine.scope()) {
      for (int id : new int[] {-1, TinyModel.VOCABULARY}) {
        assertThatThrownBy(() -> decoder.embed(scope, new int[] {0, id}))
            .isInstanceOfSatisfying(
                CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
            .hasMessageContaining("token id " + id + " is outside the vocabulary of 40");
      }
    }
  }

  @Test
  void movesBatchesAsItMovesSingleWindows() {
    TinyModel model = new TinyModel().write(dir);
    List<int[]> windows = TinyModel.windows(5, 8);
    try (Decoder decoder = TinyModel.open(dir);
        HiddenStates states = HiddenStates.embed(decoder, windows);
        Scope scope = engine.scope()) {
      for (int i = 0; i < model.layers(); i++) {
        states.advance(i);
      }
      for (int w = 0; w < windows.size(); w++) {
        Matrix alone = Matrix.of(decoder.run(scope, windows.get(w)));
        assertThat(Matrix.of(states.window(scope, w)).distance(alone)).isLessThan(1e-5);
      }
    }
  }

  @Test
  void keepsLongWindowsInBatchesOfTheirOwn() {
    new TinyModel().write(dir);
    List<int[]> windows = TinyModel.windows(3, 1500);
    try (Decoder decoder = TinyModel.open(dir);
        HiddenStates states = HiddenStates.embed(decoder, windows);
        Scope scope = engine.scope()) {
      assertThat(states.size()).isEqualTo(3);
      assertThat(states.batch(2).shape()).containsExactly(1, 1500, TinyModel.HIDDEN);
      assertThat(
              Matrix.of(states.window(scope, 1))
                  .distance(new ReferenceDecoder(new TinyModel().write(dir)).embed(windows.get(1))))
          .isZero();
    }
  }
}
