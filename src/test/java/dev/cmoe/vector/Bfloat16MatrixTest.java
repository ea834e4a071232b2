package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EnabledForJreRange(max = JRE.JAVA_18)
class Bfloat16MatrixTest {
  /** Widths around whole vectors, odd ones among them, and weights that begin anywhere. */
  @ParameterizedTest
  @CsvSource({
    "1, 2, 0",
    "5, 12, 6",
    "4, 5, 2",
    "3, 131, 0",
    "7, 64, 8",
    "16, 130, 2",
    "33, 2048, 16",
    "3, 8192, 0"
  })
  void multipliesEachRow(int rows, int width, int first) {
    SplittableRandom random = new SplittableRandom(rows);
    ByteBuffer memory =
        ByteBuffer.allocateDirect(first + 2 * rows * width).order(ByteOrder.LITTLE_ENDIAN);
    double[] expected = new double[rows];
    float[] x = new float[width];
    for (int i = 0; i < width; i++) {
      x[i] = Bfloat16.rounded((float) random.nextDouble(-1, 1));
    }
    for (int i = 0; i < rows * width; i++) {
      float w = Bfloat16.rounded((float) random.nextDouble(-1, 1));
      memory.putShort(first + 2 * i, Bfloat16.bits(w));
      expected[i / width] += (double) w * x[i % width];
    }
    Row row = new Row(width);
    row.take(x, 0, width);
    float[] y = new float[rows + 1];
    Bfloat16Matrix matrix = new Bfloat16Matrix(memory, first, width);

    matrix.times(row, 0, rows / 2, y, 1);
    matrix.times(row, rows / 2, rows, y, 1);

    assertThat(y[0]).isZero();
    for (int r = 0; r < rows; r++) {
      assertThat((double) y[r + 1]).isCloseTo(expected[r], Offset.offset(1e-3));
    }
  }
}
