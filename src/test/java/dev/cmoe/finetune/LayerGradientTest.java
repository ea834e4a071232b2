package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.finetune.LayerCase.Trait;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of a layer, in float64, against differences of its output. */
class LayerGradientTest {
  private static final double STEP = 1e-6;
  private static final double WITHIN = 2e-7;

  private final Engine engine = GradientEngine.get();
  private final Scope scope = engine.scope();

  @AfterEach
  void close() {
    scope.close();
  }

  static Stream<List<Trait>> layers() {
    return Stream.of(
        List.of(),
        List.of(Trait.GATE_SCALE),
        List.of(Trait.CMOE_ROUTER, Trait.GATE_SCALE),
        List.of(Trait.CMOE_ROUTER, Trait.GATE_SCALE, Trait.UNGATED, Trait.GELU),
        List.of(Trait.BIASES, Trait.GATE_SCALE),
        List.of(Trait.NORM_EACH_HEAD, Trait.WINDOW),
        List.of(Trait.NO_INPUT_NORM, Trait.OUTPUT_NORMS, Trait.NORM_ALL_HEADS),
        List.of(Trait.OUTPUT_NORMS, Trait.CAP, Trait.WINDOW, Trait.GELU),
        List.of(
            Trait.PARALLEL,
            Trait.LAYER_NORM,
            Trait.UNGATED,
            Trait.BIASES,
            Trait.GELU,
            Trait.PARTIAL_ROTARY),
        List.of(Trait.FUSED, Trait.PARTIAL_ROTARY),
        List.of(Trait.WIDE_WINDOW),
        List.of(Trait.NOTHING_BEFORE_HEADS),
        List.of(Trait.NO_SHARED, Trait.GATE_SCALE),
        List.of(Trait.NO_EXPERTS, Trait.BIASES),
        List.of(Trait.ALL_EXPERTS));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void agreeWithDifferences(List<Trait> traits) {
    LayerCase layer = new LayerCase(scope, traits);
    Tensor weights = layer.random(1, LayerCase.BATCH, LayerCase.TOKENS, LayerCase.HIDDEN);
    Tensor[] gradients = layer.backward(scope, weights, 0);
    List<String> names = new ArrayList<>(List.of("x"));
    names.addAll(layer.trained.keySet());

    assertThat(gradients).hasSameSizeAs(names);
    for (int i = 0; i < names.size(); i++) {
      double[] gradient = gradients[i].toDoubles();
      double largest = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
      boolean still = names.get(i).startsWith("router") && !traits.contains(Trait.GATE_SCALE);
      if (still) {
        assertThat(largest).as(names.get(i)).isZero();
      } else {
        assertThat(largest).as(names.get(i)).isGreaterThan(1e-3);
      }
      for (int place = 0; place < gradient.length; place += Math.max(1, gradient.length / 7)) {
        assertThat(gradient[place])
            .as("%s %s [%d]", traits, names.get(i), place)
            .isCloseTo(
                difference(layer, names.get(i), place, weights),
                Offset.offset(WITHIN * Math.max(1, largest)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void areTheSameWithoutThatAtTheInput(List<Trait> traits) {
    LayerCase layer = new LayerCase(scope, traits);
    Tensor weights = layer.random(1, LayerCase.BATCH, LayerCase.TOKENS, LayerCase.HIDDEN);
    Tensor[] all = layer.backward(scope, weights, 0);
    Tensor[] trained = layer.backward(scope, weights, 0, false);
    assertThat(trained).hasSize(all.length - 1);
    for (int i = 0; i < trained.length; i++) {
      assertThat(trained[i].toDoubles()).containsExactly(all[i + 1].toDoubles());
    }
  }

  private double difference(LayerCase layer, String name, int place, Tensor weights) {
    return (value(layer, name, place, STEP, weights) - value(layer, name, place, -STEP, weights))
        / (2 * STEP);
  }

  private double value(LayerCase layer, String name, int place, double step, Tensor weights) {
    try (Scope scratch = scope.child()) {
      Map<String, Tensor> own = new LinkedHashMap<>(layer.trained);
      Tensor x = layer.x;
      if (name.equals("x")) {
        x = GradientEngine.moved(scratch, x, place, step);
      } else {
        own.put(name, GradientEngine.moved(scratch, own.get(name), place, step));
      }
      return GradientEngine.dot(scratch, layer.forward(scratch, x, own), weights);
    }
  }

  /** With the choice steered nothing else may change, and d gate/d score is that of the sigmoid. */
  @ParameterizedTest
  @MethodSource("steered")
  void lendTheChoiceTheGradientOfASwap(List<Trait> traits) {
    List<Trait> all = new ArrayList<>(traits);
    all.add(Trait.STEER);
    LayerCase plain = new LayerCase(scope, traits);
    LayerCase steered = new LayerCase(scope, all);
    Tensor weights = plain.random(1, LayerCase.BATCH, LayerCase.TOKENS, LayerCase.HIDDEN);
    Tensor[] without = plain.backward(scope, weights, 0);
    Tensor[] with = steered.backward(scope, weights, 0);
    List<String> names = new ArrayList<>(plain.trained.keySet());

    assertThat(steered.forward(scope, steered.x, steered.trained, true, 0)[0].toDoubles())
        .containsExactly(
            plain.forward(scope, plain.x, plain.trained).toDoubles(), Offset.offset(1e-12));
    for (int i = 0; i < names.size(); i++) {
      // What lies before the router has a part in its scores.
      if (names.get(i).matches("(experts|shared)\\..*|gate_scale")) {
        assertThat(with[i + 1].toDoubles())
            .as(names.get(i))
            .containsExactly(without[i + 1].toDoubles(), Offset.offset(1e-12));
      }
    }
    double[] bias = new double[LayerCase.EXPERTS];
    double[] now = with[names.indexOf("router.1") + 1].toDoubles();
    double[] before = without[names.indexOf("router.1") + 1].toDoubles();
    Arrays.setAll(bias, e -> now[e] - before[e]);
    assertThat(bias).containsExactly(swapGradient(steered, weights), Offset.offset(1e-9));
  }

  static Stream<List<Trait>> steered() {
    return Stream.of(List.of(), List.of(Trait.GATE_SCALE), List.of(Trait.BIASES, Trait.UNGATED));
  }

  /** The gradient at the router's bias by the definition, one token and expert after the other. */
  private double[] swapGradient(LayerCase layer, Tensor weights) {
    double[] expected = new double[LayerCase.EXPERTS];
    double[][] scores = scores(layer);
    int k = 2;
    for (int token = 0; token < scores.length; token++) {
      double[] s = scores[token];
      Integer[] order = {0, 1, 2, 3, 4};
      Arrays.sort(order, (a, b) -> Double.compare(s[b], s[a]));
      double edge = (s[order[k - 1]] + s[order[k]]) / 2;
      for (int i = 0; i <= k; i++) {
        int e = order[i];
        double p = 1 / (1 + Math.exp(edge - s[e]));
        expected[e] += p * (1 - p) * worth(layer, token, e, weights);
      }
    }
    return expected;
  }

  /** Scores with the selection bias [tokens][E]. */
  private double[][] scores(LayerCase layer) {
    double[][] scores = new double[LayerCase.BATCH * LayerCase.TOKENS][LayerCase.EXPERTS];
    double[] z = PlainBlock.input(scope, layer);
    double[] weight = layer.trained.get("router.0").toDoubles();
    double[] bias = layer.trained.get("router.1").toDoubles();
    double[] selection = layer.frozen(16).get(0).toDoubles();
    for (int t = 0; t < scores.length; t++) {
      for (int e = 0; e < LayerCase.EXPERTS; e++) {
        scores[t][e] = bias[e] + selection[e];
        for (int i = 0; i < LayerCase.HIDDEN; i++) {
          scores[t][e] += weight[e * LayerCase.HIDDEN + i] * z[t * LayerCase.HIDDEN + i];
        }
      }
    }
    return scores;
  }

  /** What a gate of 1 for the expert would add to the loss: its output times the gradient there. */
  private double worth(LayerCase layer, int token, int expert, Tensor weights) {
    double[] out = PlainBlock.expert(scope, layer, token, expert);
    double[] g = weights.toDoubles();
    double sum = 0;
    for (int i = 0; i < LayerCase.HIDDEN; i++) {
      sum += out[i] * g[token * LayerCase.HIDDEN + i];
    }
    return sum;
  }

  @Test
  void dropTheSameInBothPasses() {
    LayerCase layer = new LayerCase(scope, List.of(Trait.GATE_SCALE));
    Tensor weights = layer.random(1, LayerCase.BATCH, LayerCase.TOKENS, LayerCase.HIDDEN);
    double drop = 0.3;
    engine.seed(5);
    double[] gradient = layer.backward(scope, weights, drop)[1].toDoubles();
    String name = layer.trained.keySet().iterator().next();

    for (int place = 0; place < gradient.length; place += 3) {
      double[] values = new double[2];
      for (int side = 0; side < 2; side++) {
        Map<String, Tensor> own = new LinkedHashMap<>(layer.trained);
        own.put(name, GradientEngine.moved(scope, own.get(name), place, side == 0 ? STEP : -STEP));
        engine.seed(5);
        values[side] =
            GradientEngine.dot(scope, layer.forward(scope, layer.x, own, false, drop)[0], weights);
      }
      assertThat(gradient[place])
          .isCloseTo((values[0] - values[1]) / (2 * STEP), Offset.offset(1e-6));
    }
    LayerCase steered = new LayerCase(scope, List.of(Trait.GATE_SCALE, Trait.STEER));
    int last = new ArrayList<>(layer.trained.keySet()).indexOf("experts.down.a") + 1;
    engine.seed(5);
    double[] plain = layer.backward(scope, weights, drop)[last].toDoubles();
    engine.seed(5);
    assertThat(steered.backward(scope, weights, drop)[last].toDoubles())
        .containsExactly(plain, Offset.offset(1e-12));
    engine.seed(6);
    assertThat(layer.backward(scope, weights, drop)[1].toDoubles()).isNotEqualTo(gradient);
  }

  @Test
  void countsTheTokensOfEachExpert() {
    LayerCase layer = new LayerCase(scope, List.of());
    long[] counts = layer.forward(scope, layer.x, layer.trained, true, 0)[1].toLongs();
    long[] expected = new long[LayerCase.EXPERTS];
    for (double[] s : scores(layer)) {
      Integer[] order = {0, 1, 2, 3, 4};
      Arrays.sort(order, (a, b) -> Double.compare(s[b], s[a]));
      expected[order[0]]++;
      expected[order[1]]++;
    }
    assertThat(counts).containsExactly(expected);
  }
}
