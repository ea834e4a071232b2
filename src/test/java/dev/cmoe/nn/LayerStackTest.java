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
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** From tokens to logits in one call, against one layer after the other. */
class LayerStackTest {
  private static final FeedForwardProbe LOOKING =
      new FeedForwardProbe() {
        @Override
        public void routed(int layer, Tensor gates, long nanos) {}

        @Override
        public void ran(int layer, long nanos) {}
      };

  private final Engine engine = SharedEngine.get();

  @TempDir Path dir;

  static List<String> families() {
    return TinyCarved.families();
  }

  /** Some have two tables of angles, or windows, shorter than a prompt here, in some layers. */
  @ParameterizedTest
  @MethodSource("families")
  void isTheLayersOfEveryFamily(String family) {
    new TinyCarved().scaled().write(dir, family);
    givesWhatLayersGive();
  }

  @ParameterizedTest
  @EnumSource(RouterKind.class)
  void isTheLayersOfEveryRouter(RouterKind router) {
    new TinyCarved().router(router).write(dir, "llama");
    givesWhatLayersGive();
  }

  private void givesWhatLayersGive() {
    List<int[]> prompts = List.of(new int[] {1, 2}, new int[] {3, 4, 5, 6, 7, 8, 9});
    try (ResidentDecoder model =
            ResidentDecoder.load(Decoder.open(engine, dir, ComputeType.FLOAT32));
        Scope scope = engine.scope();
        Sequences together = model.sequences(2, 12);
        Sequences apart = model.sequences(2, 12, LOOKING)) {
      together.prefill(scope, prompts);
      apart.prefill(scope, prompts);
      for (int i = 0; i < 4; i++) {
        Matrix logits = Matrix.of(together.step(scope, new int[] {i, 7}));
        assertThat(Matrix.of(apart.step(scope, new int[] {i, 7})).distance(logits)).isZero();
        assertThat(logits.distance(logits.scaled(0))).isPositive();
      }
    }
  }
}
