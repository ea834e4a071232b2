package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Attention and its backward pass, in float64, against its formulas one pair of tokens at a time.
 */
class AttentionGradientTest {
  private static final int HEADS = 4;
  private static final int BATCH = 2;
  private static final int WIDTH = 3;
  private static final double SCALE = 0.6;

  /** The last two: sharp enough for shares that are small and count, and for such that do not. */
  @ParameterizedTest
  @CsvSource({
    "1, 2, 1",
    "5, 2, 1",
    "128, 4, 1",
    "129, 2, 1",
    "300, 1, 1",
    "300, 2, 3",
    "300, 2, 8"
  })
  void agreesWithTheFormulas(int tokens, int shared, double sharpness) {
    try (Scope scope = GradientEngine.get().scope()) {
      Tensor q = GradientEngine.random(scope, 1, sharpness, BATCH, HEADS, tokens, WIDTH);
      Tensor k = GradientEngine.random(scope, 2, sharpness, BATCH, shared, tokens, WIDTH);
      Tensor v = GradientEngine.random(scope, 3, 1, BATCH, shared, tokens, WIDTH);
      Tensor gradient = GradientEngine.random(scope, 4, 1, BATCH, HEADS, tokens, WIDTH);
      Formulas expected = new Formulas(q, k, v, gradient, shared, tokens);
      Kernel kernel = GradientEngine.get().kernel(TrainedLayer.class, "layer");

      Tensor y = kernel.call(scope, "mixed", q, k, v, SCALE, 0., 0);
      Tensor[] found = kernel.callAll(scope, "unmixed", q, k, v, y, gradient, SCALE);

      near(y, expected.y);
      assertThat(found).hasSize(3);
      near(found[0], expected.atQueries);
      near(found[1], expected.atKeys);
      near(found[2], expected.atValues);
    }
  }

  private static void near(Tensor found, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    double[] values = found.toDoubles();
    double furthest = 0;
    for (int i = 0; i < expected.length; i++) {
      furthest = Math.max(furthest, Math.abs(values[i] - expected[i]));
    }
    assertThat(values).hasSameSizeAs(expected);
    assertThat(furthest).isLessThan(1e-12 * Math.max(1, largest));
  }

  /** P = softmax(scale q k'), y = P v; dv = P' g, dS = P (g v' - g y'), dq = scale dS k, ... */
  private static final class Formulas {
    private final double[] y;
    private final double[] atQueries;
    private final double[] atKeys;
    private final double[] atValues;

    Formulas(Tensor q, Tensor k, Tensor v, Tensor gradient, int shared, int tokens) {
      double[] queries = q.toDoubles();
      double[] keys = k.toDoubles();
      double[] values = v.toDoubles();
      double[] given = gradient.toDoubles();
      y = new double[queries.length];
      atQueries = new double[queries.length];
      atKeys = new double[keys.length];
      atValues = new double[values.length];
      for (int row = 0; row < queries.length / WIDTH; row++) {
        int head = row / tokens;
        int first = (head / HEADS * shared + head % HEADS / (HEADS / shared)) * tokens * WIDTH;
        double[] share = new double[row % tokens + 1];
        double sum = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < share.length; j++) {
          share[j] = SCALE * dot(queries, row * WIDTH, keys, first + j * WIDTH);
          most = Math.max(most, share[j]);
        }
        for (int j = 0; j < share.length; j++) {
          share[j] = Math.exp(share[j] - most);
          sum += share[j];
        }
        for (int j = 0; j < share.length; j++) {
          share[j] /= sum;
          add(y, row * WIDTH, share[j], values, first + j * WIDTH);
        }
        double inner = dot(given, row * WIDTH, y, row * WIDTH);
        for (int j = 0; j < share.length; j++) {
          int at = first + j * WIDTH;
          add(atValues, at, share[j], given, row * WIDTH);
          double slope = SCALE * share[j] * (dot(given, row * WIDTH, values, at) - inner);
          add(atQueries, row * WIDTH, slope, keys, at);
          add(atKeys, at, slope, queries, row * WIDTH);
        }
      }
    }

    private static double dot(double[] a, int i, double[] b, int j) {
      double sum = 0;
      for (int c = 0; c < WIDTH; c++) {
        sum += a[i + c] * b[j + c];
      }
      return sum;
    }

    private static void add(double[] to, int i, double factor, double[] from, int j) {
      for (int c = 0; c < WIDTH; c++) {
        to[i + c] += factor * from[j + c];
      }
    }
  }
}
