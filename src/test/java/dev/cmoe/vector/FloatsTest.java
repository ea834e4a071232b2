package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.DoubleUnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledForJreRange(max = JRE.JAVA_18)
class FloatsTest {
  private interface InPlace {
    void apply(float[] x, int from, int to);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 40})
  void multipliesARowOfAMatrix(int width) {
    ByteBuffer matrix = ByteBuffer.allocateDirect(4 * 3 * width).order(ByteOrder.LITTLE_ENDIAN);
    float[] x = new float[width];
    double expected = 0;
    for (int i = 0; i < width; i++) {
      x[i] = i - 3;
      matrix.putFloat(4 * (2 * width + i), 0.5f * i);
      expected += 0.5 * i * (i - 3);
    }
    assertThat((double) Floats.dot(matrix, 2, x)).isCloseTo(expected, Offset.offset(1e-3));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 21})
  void softmaxSharesOutOne(int count) {
    float[] x = new float[count + 1];
    double total = 0;
    for (int i = 0; i < count; i++) {
      x[i] = 90 + i % 5;
      total += Math.exp(i % 5);
    }
    x[count] = 1000;
    Floats.softmax(x, count);
    for (int i = 0; i < count; i++) {
      assertThat((double) x[i]).isCloseTo(Math.exp(i % 5) / total, Offset.offset(1e-6));
    }
    assertThat(x[count]).isEqualTo(1000);
  }

  @Test
  void siluIsXTimesItsLogistic() {
    isInPlace(Floats::silu, x -> x / (1 + Math.exp(-x)));
  }

  @Test
  void geluByTanh() {
    isInPlace(
        Floats::geluTanh,
        x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
  }

  /** Φ by the trapezoidal rule from -12, where it is nothing. */
  @Test
  void geluIsXTimesTheNormalDistribution() {
    isInPlace(
        Floats::gelu,
        x -> {
          int steps = 100_000;
          double width = (x + 12) / steps;
          double sum = 0;
          for (int i = 0; i < steps; i++) {
            double t = -12 + (i + 0.5) * width;
            sum += Math.exp(-t * t / 2);
          }
          return x * sum * width / Math.sqrt(2 * Math.PI);
        });
  }

  @Test
  void softCapBendsWhatIsLarge() {
    isInPlace((x, from, to) -> Floats.softCap(x, from, to, 5, 2), x -> 2 * Math.tanh(5 * x / 2));
    float[] far = {-1e30f, 1e30f};
    Floats.softCap(far, 0, 2, 1, 50);
    assertThat(far).containsExactly(-50, 50);
  }

  @Test
  void activationsEndWhereValuesDo() {
    float[] x = {Float.NEGATIVE_INFINITY, Float.NaN, -200, 200};
    for (InPlace one : new InPlace[] {Floats::silu, Floats::geluTanh, Floats::gelu}) {
      float[] y = x.clone();
      one.apply(y, 0, 4);
      assertThat(y[1]).isNaN();
      assertThat((double) y[2]).isCloseTo(0, Offset.offset(1e-6));
      assertThat(y[3]).isEqualTo(200);
    }
  }

  private static void isInPlace(InPlace function, DoubleUnaryOperator expected) {
    float[] x = new float[67];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 33) / 4f;
    }
    float[] y = x.clone();
    function.apply(y, 2, 65);
    for (int i = 2; i < 65; i++) {
      assertThat((double) y[i])
          .as("of %s", x[i])
          .isCloseTo(expected.applyAsDouble(x[i]), Offset.offset(2e-6));
    }
    assertThat(new float[] {y[0], y[1], y[65], y[66]}).containsExactly(x[0], x[1], x[65], x[66]);
  }
}
