package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses in float64 against their definition, and gradients against differences. */
class LossKernelTest {
  private static final int ROWS = 4;
  private static final int HIDDEN = 5;
  private static final int WORDS = 11;
  private static final int[] TARGETS = {3, 10, -1, 0};
  private static final double EPS = 1e-5;
  private static final double UNIT = 0.25;

  private final Engine engine = GradientEngine.get();
  private final Kernel kernel = engine.kernel(LossHead.class, "loss");
  private final Scope scope = engine.scope();
  private final Tensor x = GradientEngine.random(scope, 1, 1, ROWS, HIDDEN);
  private final Tensor norm = GradientEngine.random(scope, 2, 1, HIDDEN);
  private final Tensor head = GradientEngine.random(scope, 3, 1, WORDS, HIDDEN);
  private final Tensor bias = GradientEngine.random(scope, 4, 1, WORDS);
  private final Tensor taught = GradientEngine.random(scope, 5, 1, ROWS, HIDDEN + 1);
  private final Tensor taughtHead = GradientEngine.random(scope, 6, 1, WORDS, HIDDEN + 1);

  @AfterEach
  void close() {
    scope.close();
  }

  private Tensor[] gradient(
      Tensor at, boolean teacher, double cap, double t, double mix, int slab) {
    return kernel.differentiate(
        scope,
        "gradient",
        at,
        scope.of(TARGETS),
        List.of(norm),
        EPS,
        head,
        List.of(bias),
        cap,
        teacher ? List.of(taught) : List.of(),
        teacher ? List.of(taughtHead) : List.of(),
        List.of(),
        0.,
        t,
        mix,
        UNIT,
        slab,
        GradientEngine.FLOAT64);
  }

  /** Mean square norm, projection, bias and cap, word by word. */
  private double[][] logits(Tensor states, Tensor weight, boolean student, double cap) {
    double[] z = states.toDoubles();
    double[] w = weight.toDoubles();
    double[] scale = norm.toDoubles();
    double[] b = bias.toDoubles();
    int d = Math.toIntExact(states.size(1));
    double[][] logits = new double[ROWS][WORDS];
    for (int r = 0; r < ROWS; r++) {
      double square = EPS;
      for (int i = 0; i < d; i++) {
        square += z[r * d + i] * z[r * d + i] / d;
      }
      for (int v = 0; v < WORDS; v++) {
        for (int i = 0; i < d; i++) {
          double input = student ? scale[i] * z[r * d + i] / Math.sqrt(square) : z[r * d + i];
          logits[r][v] += input * w[v * d + i];
        }
        logits[r][v] += student ? b[v] : 0;
        if (cap > 0) {
          logits[r][v] = cap * Math.tanh(logits[r][v] / cap);
        }
      }
    }
    return logits;
  }

  private static double[] logSoftmax(double[] logits, double temperature) {
    double sum = 0;
    for (double l : logits) {
      sum += Math.exp(l / temperature);
    }
    double[] result = new double[logits.length];
    for (int v = 0; v < logits.length; v++) {
      result[v] = logits[v] / temperature - Math.log(sum);
    }
    return result;
  }

  /** Sums of cross-entropy and divergence over the predicted rows. */
  private double[] sums(Tensor at, double cap, double temperature) {
    double[][] student = logits(at, head, true, cap);
    double[][] teacher = logits(taught, taughtHead, false, 0);
    double[] sums = new double[2];
    for (int r = 0; r < ROWS; r++) {
      if (TARGETS[r] < 0) {
        continue;
      }
      sums[0] -= logSoftmax(student[r], 1)[TARGETS[r]];
      double[] p = logSoftmax(teacher[r], temperature);
      double[] q = logSoftmax(student[r], temperature);
      for (int v = 0; v < WORDS; v++) {
        sums[1] += Math.exp(p[v]) * (p[v] - q[v]);
      }
    }
    return sums;
  }

  @ParameterizedTest
  @CsvSource({
    "false, 0, 1, 0, 11", "false, 0, 1, 0, 4", "false, 2, 1, 0, 5",
    "true, 0, 1, 1, 11", "true, 0, 2, 0.5, 100", "true, 3, 1.5, 0.7, 3"
  })
  void areAsDefined(boolean teacher, double cap, double temperature, double mix, int slab) {
    Tensor[] result = gradient(x, teacher, cap, temperature, mix, slab);
    double[] sums = sums(x, cap, temperature);
    double[] gradient = result[0].toDoubles();

    assertThat(result[1].toDoubles()[0]).isCloseTo(sums[0], Offset.offset(1e-12));
    assertThat(result[1].toDoubles()[1]).isCloseTo(teacher ? sums[1] : 0, Offset.offset(1e-12));
    for (int place = 0; place < gradient.length; place++) {
      double[] values = new double[2];
      for (int side = 0; side < 2; side++) {
        Tensor moved = GradientEngine.moved(scope, x, place, side == 0 ? 1e-6 : -1e-6);
        double[] there = sums(moved, cap, temperature);
        values[side] = UNIT * ((1 - mix) * there[0] + mix * temperature * temperature * there[1]);
      }
      assertThat(gradient[place]).isCloseTo((values[0] - values[1]) / 2e-6, Offset.offset(1e-8));
    }
    assertThat(gradient[2 * HIDDEN]).isZero();
  }

  @Test
  void measuresWithoutGradients() {
    double[] nats =
        kernel
            .call(
                scope,
                "surprise",
                x,
                scope.of(TARGETS),
                List.of(norm),
                EPS,
                head,
                List.of(bias),
                2.,
                4,
                GradientEngine.FLOAT64)
            .toDoubles();

    assertThat(nats[2]).isZero();
    assertThat(nats[0] + nats[1] + nats[3]).isCloseTo(sums(x, 2, 1)[0], Offset.offset(1e-12));
  }
}
