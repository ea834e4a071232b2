package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two shared heads, of which the second looks at positions 2 to 6 of 9. */
@EnabledForJreRange(max = JRE.JAVA_18)
class HeadCacheTest {
  private static final int HEAD = 1;
  private static final int CAPACITY = 9;
  private static final int FIRST = 2;
  private static final int COUNT = 5;

  private final SplittableRandom random = new SplittableRandom(7);

  @ParameterizedTest
  @ValueSource(ints = {2, 8, 32, 34, 64, 80, 128})
  void looksAtWhatWasPutDown(int width) {
    int bytes = 2 * 2 * CAPACITY * width;
    HeadCache cache =
        new HeadCache(
            ByteBuffer.allocateDirect(bytes), ByteBuffer.allocateDirect(bytes), CAPACITY, width);
    float[][] keys = new float[CAPACITY][];
    float[][] values = new float[CAPACITY][];
    for (int p = 0; p < CAPACITY; p++) {
      keys[p] = numbers(2 * width);
      values[p] = numbers(2 * width);
      cache.put(0, p, keys[p], values[p], 0);
      cache.put(1, p, keys[p], values[p], width);
    }
    float[] queries = numbers(3 * width);
    Row q = new Row(3 * width);
    q.take(queries, 0, 3 * width);
    int at = 2 * width;

    float[] scores = new float[COUNT];
    cache.scores(HEAD, FIRST, COUNT, q, at, scores);
    float[] shares = {0.5f, 0, 0.25f, 0.125f, 2};
    float[] mixed = new float[3 * width];
    cache.mix(HEAD, FIRST, COUNT, shares, mixed, at);

    for (int p = 0; p < COUNT; p++) {
      double expected = 0;
      for (int i = 0; i < width; i++) {
        expected += (double) keys[FIRST + p][HEAD * width + i] * queries[at + i];
      }
      assertThat((double) scores[p]).isCloseTo(expected, Offset.offset(1e-4));
    }
    for (int i = 0; i < width; i++) {
      double expected = 0;
      for (int p = 0; p < COUNT; p++) {
        expected += (double) shares[p] * values[FIRST + p][HEAD * width + i];
      }
      assertThat((double) mixed[at + i]).isCloseTo(expected, Offset.offset(1e-4));
    }
    assertThat(mixed[at - 1]).isZero();
  }

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = Bfloat16.rounded((float) random.nextDouble(-1, 1));
    }
    return numbers;
  }
}
