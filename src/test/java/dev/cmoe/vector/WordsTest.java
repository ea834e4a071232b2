package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

@EnabledForJreRange(max = JRE.JAVA_18)
class WordsTest {
  /** What a model says must not depend on when Java compiles what. */
  @Test
  void resultsStayTheSameWhenTheyAreCompiled() {
    int width = 290;
    SplittableRandom random = new SplittableRandom(5);
    ByteBuffer memory = ByteBuffer.allocateDirect(8 * 2 * width).order(ByteOrder.LITTLE_ENDIAN);
    float[] x = new float[width];
    for (int i = 0; i < 8 * width; i++) {
      x[i % width] = (float) random.nextDouble(-8, 8);
      memory.putShort(2 * i, Bfloat16.bits((float) random.nextDouble(-1, 1)));
    }
    int first = hash(memory, x);
    for (int i = 0; i < 3000; i++) {
      assertThat(hash(memory, x)).isEqualTo(first);
    }
  }

  private static int hash(ByteBuffer memory, float[] x) {
    Row row = new Row(x.length);
    row.take(x, 0, x.length);
    float[] y = new float[8];
    new Bfloat16Matrix(memory, 0, x.length).times(row, 0, y.length, y, 0);
    HeadCache cache = new HeadCache(memory, memory, 8, 128);
    float[] scores = new float[8];
    cache.scores(0, 0, scores.length, row, 0, scores);
    Floats.softmax(scores, scores.length);
    float[] mixed = new float[128];
    cache.mix(0, 0, scores.length, scores, mixed, 0);
    float[][] active = {x.clone(), x.clone(), x.clone()};
    Floats.silu(active[0], 0, x.length);
    Floats.gelu(active[1], 0, x.length);
    Floats.geluTanh(active[2], 0, x.length);
    float score = Floats.dot(memory, 0, Arrays.copyOf(x, 40));
    return Arrays.deepHashCode(new Object[] {y, scores, mixed, active, score});
  }
}
