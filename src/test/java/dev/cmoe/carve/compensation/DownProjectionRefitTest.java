package dev.cmoe.carve.compensation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DownProjectionRefitTest {
  private final Engine engine = SharedEngine.get();
  private final Scope scope = engine.scope();

  @AfterEach
  void close() {
    scope.close();
  }

  /** W0 + (Z'Z + s mean(diag) I)^-1 Z'(Y - Z W0), transposed as weights are. */
  private static Matrix direct(Matrix w0, Matrix z, Matrix y, double strength) {
    Matrix gram = z.transposed().times(z);
    double mean =
        IntStream.range(0, gram.rows()).mapToDouble(i -> gram.at(i, i)).average().getAsDouble();
    Matrix shifted = gram.map(v -> v);
    for (int i = 0; i < gram.rows(); i++) {
      shifted.row(i)[i] += strength * mean;
    }
    return w0.plus(shifted.solve(z.transposed().times(y.minus(z.linear(w0)))).transposed());
  }

  private DownProjectionRefit.Result fit(
      Matrix w0, Matrix z, Matrix y, int[] batches, double... strengths) {
    List<Tensor> running = new ArrayList<>();
    List<Tensor> outputs = new ArrayList<>();
    int first = 0;
    for (int rows : batches) {
      running.add(z.rows(first, rows).tensor(scope));
      outputs.add(y.rows(first, rows).tensor(scope));
      first += rows;
    }
    return new DownProjectionRefit(engine, strengths)
        .fit(scope, w0.tensor(scope), (into, b) -> running.get(b), outputs);
  }

  /** Nearly linear in z, with noise that a weak ridge would fit. */
  private static Matrix outputs(Matrix z, int hidden, double noise) {
    return z.linear(Matrix.random(7, hidden, z.columns()))
        .plus(Matrix.random(8, z.rows(), hidden).scaled(noise));
  }

  @Test
  void solvesTheNormalEquations() {
    Matrix z = Matrix.random(1, 50, 12);
    Matrix y = outputs(z, 5, 1);
    Matrix w0 = Matrix.random(2, 5, 12);
    for (double strength : new double[] {1e-3, 0.1, 10}) {
      DownProjectionRefit.Result result = fit(w0, z, y, new int[] {50}, strength);

      assertThat(result.strength()).isEqualTo(strength);
      assertThat(Matrix.of(result.down()).distance(direct(w0, z, y, strength))).isLessThan(1e-4);
    }
  }

  @Test
  void batchesDoNotMatter() {
    Matrix z = Matrix.random(1, 50, 12);
    Matrix y = outputs(z, 5, 1);
    Matrix w0 = Matrix.random(2, 5, 12);
    Matrix whole = Matrix.of(fit(w0, z, y, new int[] {50}, 0.01, 0.1, 1).down());

    assertThat(
            Matrix.of(fit(w0, z, y, new int[] {16, 16, 16, 2}, 0.01, 0.1, 1).down())
                .distance(whole))
        .isLessThan(1e-5);
  }

  /** The sums are made block by block; 600 neurons take two blocks, 5000 would take eight. */
  @ParameterizedTest
  @ValueSource(ints = {512, 600, 1030})
  void addsUpBlocksOfTheGramMatrix(int neurons) {
    Matrix z = Matrix.random(1, 20, neurons);
    Matrix y = Matrix.random(2, 20, 3);
    Kernel kernel = engine.kernel(DownProjectionRefit.class, "refit");
    Tensor gram = scope.zeros(neurons, neurons);
    Tensor cross = scope.zeros(neurons, 3);
    kernel.apply(
        scope, "accumulate", gram, cross, z.rows(0, 9).tensor(scope), y.rows(0, 9).tensor(scope));
    kernel.apply(
        scope, "accumulate", gram, cross, z.rows(9, 11).tensor(scope), y.rows(9, 11).tensor(scope));

    Matrix expected = z.transposed().times(z);
    float[] found = gram.toFloats();
    double largest = 0;
    for (int i = 0; i < neurons; i++) {
      for (int j = i; j < neurons; j++) {
        largest = Math.max(largest, Math.abs(found[i * neurons + j] - expected.at(i, j)));
      }
    }
    assertThat(largest).isLessThan(1e-4);
    assertThat(Matrix.of(cross).distance(z.transposed().times(y))).isLessThan(1e-4);
  }

  /** With Z'Z never formed: (Z'Z + s I)^-1 Z' = Z' (ZZ' + s I)^-1, a small system. */
  @Test
  void solvesWideLayers() {
    int neurons = 600;
    Matrix z = Matrix.random(1, 40, neurons);
    Matrix y = Matrix.random(2, 40, 3);
    Matrix w0 = Matrix.random(3, 3, neurons).scaled(0.1);
    double strength = 0.05;
    Matrix small = z.linear(z);
    double mean = z.sumOfSquares() / neurons;
    for (int i = 0; i < 40; i++) {
      small.row(i)[i] += strength * mean;
    }
    Matrix x = z.transposed().times(small.solve(y.minus(z.linear(w0))));

    assertThat(
            Matrix.of(fit(w0, z, y, new int[] {25, 15}, strength).down())
                .distance(w0.plus(x.transposed())))
        .isLessThan(1e-4);
  }

  @Test
  void choosesTheStrengthOfLeastErrorOnTheLastFifth() {
    double[] grid = {1e-4, 1e-3, 0.01, 0.1, 1, 10, 100};
    for (double noise : new double[] {0, 3, 30}) {
      Matrix z = Matrix.random(1, 60, 20);
      Matrix y = outputs(z, 5, noise);
      Matrix w0 = Matrix.random(7, 5, 20).scaled(0.9);
      double[] errors =
          Arrays.stream(grid)
              .map(
                  strength ->
                      y.rows(48, 12)
                          .minus(
                              z.rows(48, 12)
                                  .linear(direct(w0, z.rows(0, 48), y.rows(0, 48), strength)))
                          .sumOfSquares())
              .toArray();
      int best =
          IntStream.range(0, grid.length)
              .reduce((i, j) -> errors[j] < errors[i] ? j : i)
              .getAsInt();
      DownProjectionRefit.Result result = fit(w0, z, y, new int[] {32, 28}, grid);

      assertThat(result.strength()).isEqualTo(grid[best]);
      assertThat(Matrix.of(result.down()).distance(direct(w0, z, y, grid[best]))).isLessThan(1e-3);
    }
  }

  @Test
  void fewerTokensThanNeuronsAndASingleBatchAreEnough() {
    Matrix z = Matrix.random(1, 2, 6);
    Matrix y = Matrix.random(2, 2, 3);
    Matrix w0 = Matrix.random(3, 3, 6);
    DownProjectionRefit.Result result = fit(w0, z, y, new int[] {2}, 0.1, 1);

    assertThat(Matrix.of(result.down()).distance(direct(w0, z, y, result.strength())))
        .isLessThan(1e-4);
  }

  @Test
  void saysThatActivationsAreNotFinite() {
    Matrix z = Matrix.random(1, 10, 4);
    z.row(3)[2] = Double.NaN;

    assertThatThrownBy(
            () -> fit(Matrix.random(2, 3, 4), z, Matrix.random(3, 10, 3), new int[] {10}, 0.1, 1))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.VERIFICATION))
        .hasMessageContaining("not finite");
  }
}
