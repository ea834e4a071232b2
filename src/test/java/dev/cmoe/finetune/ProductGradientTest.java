package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.nn.Decoder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products go ways of which autograd must know: a gradient that got lost would be zero. */
class ProductGradientTest {
  private static final int COLUMNS = 1088;
  private static final int INNER = 1024;

  @ParameterizedTest(name = "type {0}, {1} rows")
  @CsvSource({"6, 1", "6, 8", "6, 48", "6, 320", "15, 1", "15, 8", "15, 64"})
  void goesThroughEveryKindOfProduct(int type, int rows) {
    Engine engine = GradientEngine.get();
    Matrix w = Matrix.random(2, COLUMNS, INNER);
    Matrix ones = Matrix.zeros(1, COLUMNS).map(v -> 1);
    Matrix sums = ones.times(w);
    try (Scope scope = engine.scope()) {
      Matrix gradient =
          Matrix.of(
              engine.kernel(Decoder.class, "times")
                  .differentiate(
                      scope,
                      "gradient",
                      Matrix.random(1, rows, INNER).tensor(scope),
                      w.tensor(scope),
                      type)[0]);

      double largest = sums.distance(sums.scaled(0));
      for (int i = 0; i < rows; i++) {
        assertThat(gradient.rows(i, 1).distance(sums))
            .isLessThan((type == 6 ? 1e-5 : 2e-2) * largest);
      }
    }
  }
}
