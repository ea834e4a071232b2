package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever way a product goes on this machine, by type, rows and size: see {@code times}. */
class TimesKernelTest {
  private static final int FLOAT32 = 6;
  private static final int INNER = 1024;

  private final Engine engine = SharedEngine.get();
  private final Kernel kernel = engine.kernel(TimesKernelTest.class, "times");
  private final Scope scope = engine.scope();

  @AfterEach
  void close() {
    scope.close();
  }

  @ParameterizedTest(name = "type {0}, {1} rows, {2} columns")
  @CsvSource({
    "6, 1, 1100",
    "6, 1, 1088",
    "6, 1, 3",
    "6, 4, 1100",
    "6, 5, 1100",
    "6, 48, 1100",
    "6, 48, 300",
    "6, 1, 544",
    "6, 12, 600",
    "6, 13, 600",
    "6, 13, 1100",
    "6, 13, 1088",
    "6, 48, 1088",
    "6, 49, 1100",
    "6, 320, 1100",
    "6, 320, 300",
    "6, 320, 5",
    "6, 319, 14",
    "6, 320, 14",
    "15, 1, 1100",
    "15, 1, 3",
    "15, 2, 1100",
    "15, 63, 300",
    "15, 64, 300",
    "15, 64, 2200",
  })
  void equalsTheSumsInDoublePrecision(int type, int rows, int columns) {
    Matrix x = rounded(Matrix.random(1, rows, INNER), type);
    Matrix w = rounded(Matrix.random(2, columns, INNER), type);
    Matrix expected = x.linear(w);

    Matrix y = Matrix.of(kernel.call(scope, "product", x.tensor(scope), w.tensor(scope), type));

    double largest = expected.distance(Matrix.zeros(rows, columns));
    assertThat(y.distance(expected)).isLessThan((type == FLOAT32 ? 3e-6 : 4e-3) * largest);
  }

  @Test
  void fewRowsLieOneBehindTheOther() {
    Matrix x = Matrix.random(1, 8, INNER);
    Tensor w = Matrix.random(2, 1100, INNER).tensor(scope);

    assertThat(kernel.call(scope, "layout", x.tensor(scope, 4, 2, INNER), w).toLongs())
        .containsExactly(4, 2, 1100, 2200, 1100, 1);
  }

  private Matrix rounded(Matrix x, int type) {
    return Matrix.of(kernel.call(scope, "rounded", x.tensor(scope), type));
  }
}
