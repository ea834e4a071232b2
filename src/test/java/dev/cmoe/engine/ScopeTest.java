package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class ScopeTest {
  private final Engine engine = SharedEngine.get();
  private final Kernel sample = engine.kernel(ScopeTest.class, "sample");

  @Test
  void freesWhatItOwnsAndNotWhatWasKept() {
    try (Scope outer = engine.scope()) {
      Tensor kept;
      Tensor gone;
      try (Scope inner = outer.child()) {
        kept = outer.keep(inner.of(new float[] {1}, 1));
        gone = inner.of(new float[] {2}, 1);
      }
      assertThat(kept.toFloats()).containsExactly(1);
      assertThatThrownBy(gone::toFloats).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void ownsTheResultWhateverOwnsTheArguments() {
    try (Scope outer = engine.scope()) {
      Tensor result;
      try (Scope inner = outer.child()) {
        result = sample.call(outer, "scaled", inner.of(new float[] {2}, 1), 2.0, true, 0, "");
      }
      assertThat(result.toFloats()).containsExactly(4);
    }
  }

  @Test
  void readsTensorsRowByRowWhateverTheirStrides() {
    try (Scope scope = engine.scope()) {
      Tensor turned =
          sample.call(scope, "transposed", scope.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
      FloatBuffer direct = turned.floats();
      float[] seen = new float[6];
      direct.get(seen);

      assertThat(turned.shape()).containsExactly(3, 2);
      assertThat(turned.count()).isEqualTo(6);
      assertThat(turned.toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(seen).containsExactly(1, 4, 2, 5, 3, 6);
    }
  }

  @Test
  void readsEachTypeOnlyAsItself() {
    try (Scope scope = engine.scope()) {
      Tensor whole = scope.of(new int[] {3, 1, 2});
      Tensor half = sample.call(scope, "cast", scope.of(new float[] {1}, 1), 15);
      Tensor wide = sample.call(scope, "cast", scope.of(new float[] {1.5f}, 1), 7);

      assertThat(whole.toLongs()).containsExactly(3, 1, 2);
      assertThat(whole.toIndices()).containsExactly(3, 1, 2);
      assertThat(wide.toDoubles()).containsExactly(1.5);
      assertThatThrownBy(whole::toFloats).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(half::toFloats).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(wide::toLongs).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void readsTensorsWithoutElements() {
    try (Scope scope = engine.scope()) {
      assertThat(scope.zeros(0, 3).toFloats()).isEmpty();
      assertThat(scope.of(new int[0]).toIndices()).isEmpty();
    }
  }

  @Test
  void sharesMemoryWithADirectBuffer() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(new float[] {9, 1, 2, 3});
    try (Scope scope = engine.scope()) {
      Tensor tensor = scope.over(bytes.position(4), 3);
      sample.apply(scope, "addOne", tensor);

      assertThat(tensor.toFloats()).containsExactly(2, 3, 4);
      assertThat(bytes.getFloat(4)).isEqualTo(2);
    }
  }
}
