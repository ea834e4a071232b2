package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.Activation;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeedForwardKernelTest {
  private static final int SILU = Activation.SILU.code();
  private static final int TOKENS = 9;
  private static final int HIDDEN = 6;
  private static final int EXPERTS = 4;
  private static final int WIDTH = 3;
  private static final double WITHIN = 2e-5;

  /** The kernel's number of a linear router. */
  private static final int LINEAR = 2;

  /** The kernel's number of glm4_moe's router. */
  private static final int SIGMOID = 3;

  private final Engine engine = SharedEngine.get();
  private final Kernel kernel = engine.kernel(FeedForward.class, "feedforward");
  private final Scope scope = engine.scope();
  private final Matrix z = Matrix.random(1, TOKENS, HIDDEN);

  @AfterEach
  void close() {
    scope.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void denseIsSwiGlu(boolean biased) {
    Block block = new Block(10, 5, biased);
    Matrix h =
        Matrix.of(
            kernel.call(
                scope,
                "hidden",
                z.tensor(scope),
                block.inward(),
                biased ? block.biases().subList(0, 2) : List.of(),
                SILU,
                6));
    Matrix y = Matrix.of(block.dense(z.tensor(scope)));

    assertThat(h.distance(block.hidden(z))).isLessThan(WITHIN);
    assertThat(y.distance(block.output(z))).isLessThan(WITHIN);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void anUngatedBlockHasOneProjectionInward(Activation activation) {
    Matrix up = Matrix.random(2, 10, HIDDEN);
    Matrix bias = Matrix.random(3, 1, 10);
    Matrix h =
        Matrix.of(
            kernel.call(
                scope,
                "hidden",
                z.tensor(scope),
                List.of(up.tensor(scope)),
                List.of(bias.tensor(scope, 10)),
                activation.code(),
                6));

    assertThat(h.distance(z.linear(up).plus(bias).map(v -> of(activation, v)))).isLessThan(WITHIN);
  }

  private static double of(Activation activation, double v) {
    return switch (activation) {
      case SILU -> Matrix.silu(v);
      case GELU -> v / 2 * (1 + erf(v / Math.sqrt(2)));
      case GELU_TANH ->
          v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
    };
  }

  /** 2/√π times the integral of exp(-t²) from 0 to x, by Simpson's rule. */
  private static double erf(double x) {
    int steps = 2000;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double t = x * i / steps;
      sum += Math.exp(-t * t) * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return 2 / Math.sqrt(Math.PI) * sum * x / steps / 3;
  }

  @Test
  void leavesItsInputAlone() {
    Block block = new Block(10, 5, false);
    Tensor input = z.tensor(scope);
    block.dense(input);

    assertThat(Matrix.of(input).distance(z)).isZero();
  }

  @Test
  void linearScoresAreAffine() {
    Matrix weight = Matrix.random(2, EXPERTS, HIDDEN);
    Matrix bias = Matrix.random(3, 1, EXPERTS);
    Matrix scores =
        Matrix.of(
            kernel.call(
                scope,
                "scores",
                z.tensor(scope),
                true,
                List.of(weight.tensor(scope), bias.tensor(scope, EXPERTS)),
                SILU));

    assertThat(scores.distance(z.linear(weight).plus(bias))).isLessThan(WITHIN);
  }

  /** From 320 rows on the router's two matrices go through in one product. */
  @ParameterizedTest
  @ValueSource(ints = {9, 320})
  void cmoeScoresAreASoftmaxOfSizes(int tokens) {
    Matrix z = Matrix.random(1, tokens, HIDDEN);
    Matrix gate = Matrix.random(2, EXPERTS, HIDDEN);
    Matrix up = Matrix.random(3, EXPERTS, HIDDEN);
    Matrix scores =
        Matrix.of(
            kernel.call(
                scope,
                "scores",
                z.tensor(scope),
                false,
                List.of(gate.tensor(scope), up.tensor(scope)),
                SILU));

    Matrix sizes =
        z.linear(gate)
            .map(Matrix::silu)
            .with(z.linear(up), (a, b) -> Math.abs(a * b))
            .map(Math::exp);
    Matrix expected = sizes.scaledRows(t -> 1 / Arrays.stream(sizes.row(t)).sum());
    assertThat(scores.distance(expected)).isLessThan(WITHIN);
  }

  @Test
  void gatesOpenForTheLargestBiasedScores() {
    Matrix scores = Matrix.row(0.3, 0.1, 0.4, 0.2);

    assertThat(gates(scores, Matrix.zeros(1, 4), List.of(), true, 2).row(0))
        .containsExactly(1, 0, 1, 0);
    assertThat(gates(scores, Matrix.row(0, 1, 0, 0), List.of(), true, 2).row(0))
        .containsExactly(0, 1, 1, 0);
    assertThat(gates(scores, Matrix.zeros(1, 4), List.of(), true, 4).row(0))
        .containsExactly(1, 1, 1, 1);
    assertThat(gates(scores, Matrix.zeros(1, 4), List.of(), true, 0).row(0))
        .containsExactly(0, 0, 0, 0);
  }

  @Test
  void ofEqualScoresTheLowerExpertWins() {
    double[] scores = new double[64];
    for (int e = 32; e < 64; e++) {
      scores[e] = 1;
    }
    Matrix gates = gates(Matrix.row(scores), Matrix.zeros(1, 64), List.of(), true, 40);
    for (int e = 0; e < 64; e++) {
      assertThat(gates.at(0, e)).isEqualTo(e < 8 || e >= 32 ? 1 : 0);
    }
  }

  @Test
  void scaledGatesAddTheShareTimesU() {
    Matrix scores = Matrix.row(0.4, 0.1, 0.2, 0.3);
    Matrix u = Matrix.row(0.5, 2, -1, 1);
    Matrix shares = scores.map(Math::exp);
    double sum = Arrays.stream(shares.row(0)).sum();

    Matrix linear = gates(scores, Matrix.zeros(1, 4), List.of(u.tensor(scope, EXPERTS)), true, 2);
    Matrix cmoe = gates(scores, Matrix.zeros(1, 4), List.of(u.tensor(scope, EXPERTS)), false, 2);

    assertThat(
            linear.distance(
                Matrix.row(1 + shares.at(0, 0) / sum * 0.5, 0, 0, 1 + shares.at(0, 3) / sum)))
        .isLessThan(1e-6);
    assertThat(cmoe.distance(Matrix.row(1 + 0.4 * 0.5, 0, 0, 1 + 0.3))).isLessThan(1e-6);
  }

  @Test
  void sigmoidGatesShareKAmongTheChosen() {
    Matrix weight = Matrix.random(2, EXPERTS, HIDDEN);
    Matrix correction = Matrix.row(0.3, -0.2, 0, -1);
    Matrix gates =
        routed(
            SIGMOID,
            List.of(weight.tensor(scope)),
            List.of(correction.tensor(scope, EXPERTS)),
            List.of(),
            2);
    Matrix p = z.linear(weight).map(x -> 1 / (1 + Math.exp(-x)));
    for (int t = 0; t < TOKENS; t++) {
      double[] preference = new double[EXPERTS];
      for (int e = 0; e < EXPERTS; e++) {
        preference[e] = p.at(t, e) + correction.at(0, e);
      }
      double second = Arrays.stream(preference).sorted().toArray()[EXPERTS - 2];
      double sum = 0;
      for (int e = 0; e < EXPERTS; e++) {
        sum += preference[e] >= second ? p.at(t, e) : 0;
      }
      for (int e = 0; e < EXPERTS; e++) {
        assertThat(gates.at(t, e))
            .isEqualTo(preference[e] >= second ? 2 * p.at(t, e) / sum : 0, Offset.offset(1e-5));
      }
    }
  }

  /** Gates of z [n,E] by a router of this kind. */
  private Matrix routed(
      int kind, List<Tensor> parts, List<Tensor> selection, List<Tensor> scale, int active) {
    return Matrix.of(
        kernel.call(scope, "gates", z.tensor(scope), kind, parts, selection, scale, SILU, active));
  }

  private Matrix gates(Matrix scores, Matrix selection, List<Tensor> scale, boolean linear, int k) {
    return Matrix.of(
        kernel.call(
            scope,
            "ownGates",
            scores.tensor(scope),
            selection.tensor(scope, scores.columns()),
            scale,
            linear,
            k));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void mixtureAddsTheChosenExperts(boolean biased) {
    Mixture mixture = new Mixture(biased);
    Matrix gates = Matrix.zeros(TOKENS, EXPERTS);
    for (int t = 1; t < TOKENS; t++) {
      // Expert 2 never runs, token 0 runs none.
      gates.row(t)[t % 2 == 0 ? 0 : 3] = 1;
      gates.row(t)[1] = 0.25 * t;
    }

    assertThat(mixture.run(gates, true).distance(mixture.expected(gates, true))).isLessThan(WITHIN);
    assertThat(mixture.run(gates, false).distance(mixture.expected(gates, false)))
        .isLessThan(WITHIN);
  }

  /** Outputs are added when there are 2048, and at the end, when the last expert may have none. */
  @ParameterizedTest
  @ValueSource(ints = {EXPERTS, EXPERTS - 1})
  void mixtureAddsManyRowsInTurns(int running) {
    int tokens = 1000;
    Mixture mixture = new Mixture(true);
    Matrix z = Matrix.random(1, tokens, HIDDEN);
    Matrix gates = Matrix.zeros(tokens, EXPERTS);
    for (int t = 0; t < tokens; t++) {
      for (int e = 0; e < running; e++) {
        gates.row(t)[e] = e == t % running ? 0 : 0.5 + 0.1 * e;
      }
    }

    Matrix y = mixture.run(z, gates, true);

    assertThat(y.distance(mixture.expected(z, gates, true))).isLessThan(2 * WITHIN);
  }

  /** A token that is generated needs no gates of the experts that do not run. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 3", "1, 4", "2, 2", "3, 1", "3, 2", "3, 4"})
  void oneTokenRunsWhatItsGatesSay(int kind, int active) {
    Mixture mixture = new Mixture(true);
    List<Tensor> parts =
        kind == 1
            ? List.of(
                Matrix.random(2, EXPERTS, HIDDEN).tensor(scope),
                Matrix.random(3, EXPERTS, HIDDEN).tensor(scope))
            : List.of(
                Matrix.random(2, EXPERTS, HIDDEN).tensor(scope),
                Matrix.random(3, 1, EXPERTS).tensor(scope, EXPERTS));
    List<Tensor> selection = List.of(Matrix.random(4, 1, EXPERTS).tensor(scope, EXPERTS));
    List<Tensor> scale =
        kind == 3 ? List.of() : List.of(Matrix.random(5, 1, EXPERTS).tensor(scope, EXPERTS));
    Matrix gates = routed(kind, parts, selection, scale, active);
    Matrix expected = mixture.expected(gates, true);

    for (int t = 0; t < TOKENS; t++) {
      Matrix one = mixture.runOne(z.rows(t, 1), kind, parts, selection, scale, active);
      assertThat(one.distance(expected.rows(t, 1))).isLessThan(WITHIN);
    }
  }

  /** Scores are the biases here: of equal ones the lower expert runs, for one token as for many. */
  @ParameterizedTest
  @CsvSource({"0.5, 0.5, 0.5, 0.1, 2", "0.1, 0.5, 0.5, 0.5, 1", "0.1, 0.2, 0.2, 0.2, 2"})
  void ofEqualScoresTheLowerExpertRuns(double a, double b, double c, double d, int active) {
    Mixture mixture = new Mixture(false);
    List<Tensor> parts =
        List.of(
            Matrix.zeros(EXPERTS, HIDDEN).tensor(scope),
            Matrix.row(a, b, c, d).tensor(scope, EXPERTS));
    List<Tensor> selection = List.of(Matrix.zeros(1, EXPERTS).tensor(scope, EXPERTS));
    assertOneTokenRunsItsGates(mixture, parts, selection, active);
  }

  private void assertOneTokenRunsItsGates(
      Mixture mixture, List<Tensor> parts, List<Tensor> selection, int active) {
    Matrix gates = routed(LINEAR, parts, selection, List.of(), active);

    Matrix one = mixture.runOne(z.rows(0, 1), LINEAR, parts, selection, List.of(), active);

    assertThat(one.distance(mixture.expected(gates, true).rows(0, 1))).isLessThan(WITHIN);
  }

  /** A bias that is no number comes first, as in a sort, and one of minus infinity last. */
  @ParameterizedTest
  @CsvSource({
    "NaN, 0.1, 0.2, 0.3, 2",
    "0.1, NaN, 0.2, 0.3, 1",
    "0.1, -Infinity, -Infinity, -Infinity, 2",
    "Infinity, 0.1, -Infinity, 0.3, 3"
  })
  void oneTokenRunsWhatItsGatesSayOfPreferencesThatAreNotFinite(
      double a, double b, double c, double d, int active) {
    Mixture mixture = new Mixture(false);
    List<Tensor> parts =
        List.of(
            Matrix.random(2, EXPERTS, HIDDEN).tensor(scope),
            Matrix.zeros(1, EXPERTS).tensor(scope, EXPERTS));
    List<Tensor> selection = List.of(Matrix.row(a, b, c, d).tensor(scope, EXPERTS));

    assertOneTokenRunsItsGates(mixture, parts, selection, active);
  }

  @Test
  void mixtureWithoutExpertsIsTheSharedOne() {
    Block shared = new Block(20, 5, false);
    Matrix y =
        Matrix.of(
            kernel.call(
                scope,
                "mixture",
                z.tensor(scope),
                shared.inward(),
                List.of(shared.down.tensor(scope)),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                scope.zeros(TOKENS, 0),
                0,
                SILU,
                6));

    assertThat(y.distance(shared.output(z))).isLessThan(WITHIN);
  }

  /** Few rows go through in one product, many in two. */
  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "16, true", "17, false", "17, true"})
  void stackedMatricesGiveTheSame(int rows, boolean biased) {
    Block block = new Block(3, 5, biased);
    Matrix z = Matrix.random(1, rows, HIDDEN);
    float[] both = new float[2 * 5 * HIDDEN];
    System.arraycopy(block.gate.floats(), 0, both, 0, 5 * HIDDEN);
    System.arraycopy(block.up.floats(), 0, both, 5 * HIDDEN, 5 * HIDDEN);

    Matrix y =
        Matrix.of(
            kernel.call(
                scope,
                "dense",
                z.tensor(scope),
                List.of(scope.of(both, 10, HIDDEN)),
                block.down.tensor(scope),
                block.biases(),
                SILU,
                6));

    assertThat(y.distance(block.output(z))).isLessThan(WITHIN);
  }

  /** A dense SwiGLU block. */
  private final class Block {
    final Matrix gate;
    final Matrix up;
    final Matrix down;
    final Matrix gateBias;
    final Matrix upBias;
    final Matrix downBias;
    final boolean biased;

    Block(long seed, int neurons, boolean biased) {
      this.biased = biased;
      gate = Matrix.random(seed, neurons, HIDDEN);
      up = Matrix.random(seed + 1, neurons, HIDDEN);
      down = Matrix.random(seed + 2, HIDDEN, neurons);
      gateBias = biased ? Matrix.random(seed + 3, 1, neurons) : Matrix.zeros(1, neurons);
      upBias = biased ? Matrix.random(seed + 4, 1, neurons) : Matrix.zeros(1, neurons);
      downBias = biased ? Matrix.random(seed + 5, 1, HIDDEN) : Matrix.zeros(1, HIDDEN);
    }

    List<Tensor> inward() {
      return List.of(gate.tensor(scope), up.tensor(scope));
    }

    Tensor dense(Tensor input) {
      return kernel.call(scope, "dense", input, inward(), down.tensor(scope), biases(), SILU, 6);
    }

    List<Tensor> biases() {
      return biased
          ? List.of(
              gateBias.tensor(scope, gate.rows()),
              upBias.tensor(scope, gate.rows()),
              downBias.tensor(scope, HIDDEN))
          : List.of();
    }

    Matrix hidden(Matrix z) {
      return z.linear(gate)
          .plus(gateBias)
          .map(Matrix::silu)
          .with(z.linear(up).plus(upBias), (a, b) -> a * b);
    }

    Matrix output(Matrix z) {
      return hidden(z).linear(down).plus(downBias);
    }
  }

  /** A shared block and four experts; the bias of the down-projection is one for all. */
  private final class Mixture {
    final boolean biased;
    final Block shared;
    final List<Block> experts;
    final Matrix downBias = Matrix.random(99, 1, HIDDEN);

    Mixture(boolean biased) {
      this.biased = biased;
      shared = new Block(20, 5, biased);
      experts =
          List.of(
              new Block(30, WIDTH, biased),
              new Block(40, WIDTH, biased),
              new Block(50, WIDTH, biased),
              new Block(60, WIDTH, biased));
    }

    Matrix expected(Matrix gates, boolean withShared) {
      return expected(z, gates, withShared);
    }

    Matrix expected(Matrix z, Matrix gates, boolean withShared) {
      Matrix y = Matrix.zeros(z.rows(), HIDDEN);
      if (withShared) {
        y = y.plus(shared.hidden(z).linear(shared.down));
      }
      if (biased) {
        y = y.plus(downBias);
      }
      for (int e = 0; e < EXPERTS; e++) {
        int expert = e;
        Block block = experts.get(e);
        y = y.plus(block.hidden(z).linear(block.down).scaledRows(t -> gates.at(t, expert)));
      }
      return y;
    }

    Matrix run(Matrix gates, boolean withShared) {
      return run(z, gates, withShared);
    }

    Matrix run(Matrix z, Matrix gates, boolean withShared) {
      return call("mixture", z, withShared, gates.tensor(scope));
    }

    /** The kernel's way for one row. */
    Matrix runOne(
        Matrix row,
        int kind,
        List<Tensor> parts,
        List<Tensor> selection,
        List<Tensor> scale,
        int active) {
      return call("mixtureOfOne", row, true, kind, parts, selection, scale, active);
    }

    private Matrix call(String method, Matrix rows, boolean withShared, Object... routes) {
      Matrix gateUp = stacked(experts.stream().flatMap(b -> Stream.of(b.gate, b.up)).toList());
      Matrix down = stacked(experts.stream().map(b -> b.down).toList());
      Matrix bias =
          stacked(experts.stream().flatMap(b -> Stream.of(b.gateBias, b.upBias)).toList());
      List<Object> arguments =
          new ArrayList<>(
              List.of(
                  rows.tensor(scope),
                  withShared ? shared.inward() : List.of(),
                  withShared ? List.of(shared.down.tensor(scope)) : List.of(),
                  withShared && biased ? shared.biases().subList(0, 2) : List.of(),
                  List.of(gateUp.tensor(scope, EXPERTS, 2 * WIDTH, HIDDEN)),
                  List.of(down.tensor(scope, EXPERTS, HIDDEN, WIDTH)),
                  biased ? List.of(bias.tensor(scope, EXPERTS, 2 * WIDTH)) : List.of(),
                  biased ? List.of(downBias.tensor(scope, HIDDEN)) : List.of()));
      arguments.addAll(List.of(routes));
      arguments.addAll(List.of(WIDTH, SILU, 6));
      return Matrix.of(kernel.call(scope, method, arguments.toArray()));
    }

    private static Matrix stacked(List<Matrix> parts) {
      return new Matrix(
          parts.stream().flatMap(part -> Arrays.stream(part.values())).toArray(double[][]::new));
    }
  }
}
