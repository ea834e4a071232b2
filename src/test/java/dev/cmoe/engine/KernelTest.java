package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class KernelTest {
  private final Engine engine = SharedEngine.get();

  private Kernel sample() {
    return engine.kernel(KernelTest.class, "sample");
  }

  @Test
  void takesEveryKindOfArgument() {
    try (Scope scope = engine.scope()) {
      Tensor x = scope.of(new float[] {1, 2}, 2);

      assertThat(sample().call(scope, "scaled", x, 1.5, true, 3, "ab").toFloats())
          .containsExactly(6.5f, 8);
      assertThat(sample().call(scope, "scaled", x, 1.5, false, 3L, "ab").toFloats())
          .containsExactly(1, 2);
      assertThat(sample().call(scope, "count", List.of()).toLongs()).containsExactly(0);
      assertThat(sample().call(scope, "count", List.of(x, x)).toLongs()).containsExactly(2);
      assertThat(
              sample()
                  .call(scope, "counts", List.of(List.of(x, x), List.of(), List.of(x)))
                  .toLongs())
          .containsExactly(2, 0, 1);
    }
  }

  @Test
  void runsWithPreparedArguments() {
    try (Scope scope = engine.scope()) {
      Tensor x = scope.of(new float[] {1, 2}, 2);
      Kernel.Prepared counts =
          sample().prepare(scope, "countsOf", List.of(List.of(List.of(x), List.of(x, x))));

      assertThat(counts.call(scope, 0).toLongs()).containsExactly(1, 2);
      assertThat(counts.call(scope, 0).toLongs()).containsExactly(1, 2);
      assertThat(counts.with(scope, 0).call(scope).toLongs()).containsExactly(1, 2);
      assertThatThrownBy(() -> counts.call(scope, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("kernel sample.countsOf[1] failed");
    }
  }

  @Test
  void givesTuplesAndLists() {
    try (Scope scope = engine.scope()) {
      Tensor x = scope.of(new float[] {1, 2}, 2, 1);
      Tensor[] both = sample().callAll(scope, "both", x);
      Tensor[] parts = sample().callAll(scope, "parts", x);

      assertThat(both).hasSize(2);
      assertThat(both[0].toFloats()).containsExactly(-1, -2);
      assertThat(both[1].toFloats()).containsExactly(2, 4);
      assertThat(parts).hasSize(2);
      assertThat(parts[1].toFloats()).containsExactly(2);
    }
  }

  @Test
  void appliesInPlace() {
    try (Scope scope = engine.scope()) {
      Tensor x = scope.of(new float[] {1, 2}, 2);

      sample().apply(scope, "addOne", x);

      assertThat(x.toFloats()).containsExactly(2, 3);
    }
  }

  @Test
  void isLoadedOnce() {
    assertThat(sample()).isSameAs(sample());
  }

  @Test
  void saysThatAKernelDoesNotCompile() {
    assertThatThrownBy(() -> engine.kernel(KernelTest.class, "broken"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("kernel broken.py does not compile")
        .rootCause()
        .hasMessageContaining("no_such_operator");
  }

  @Test
  void saysThatAKernelIsNotThere() {
    assertThatThrownBy(() -> engine.kernel(KernelTest.class, "nowhere"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no kernel nowhere.py beside dev.cmoe.engine.KernelTest");
  }

  @Test
  void saysWhichCallFailed() {
    try (Scope scope = engine.scope()) {
      Tensor a = scope.zeros(2, 3);
      Tensor b = scope.zeros(2, 3);

      assertThatThrownBy(() -> sample().call(scope, "product", a, b))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("kernel sample.product[float32[2, 3], float32[2, 3]] failed")
          .hasCauseInstanceOf(RuntimeException.class);
      assertThatThrownBy(() -> sample().call(scope, "no_such_method", a))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("sample.no_such_method");
      assertThatThrownBy(() -> sample().call(scope, "addOne", 'c'))
          .rootCause()
          .hasMessageContaining("cannot take c");
    }
  }

  @Test
  void saysThatAnArgumentIsClosed() {
    try (Scope scope = engine.scope()) {
      Tensor gone = scope.zeros(2);
      gone.close();

      assertThatThrownBy(() -> sample().call(scope, "addOne", gone))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("sample.addOne");
    }
  }
}
