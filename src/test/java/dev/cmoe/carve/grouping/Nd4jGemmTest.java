package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Each product against a loop in double, at shapes that include single rows and columns. */
class Nd4jGemmTest {
  private static final int[][] SHAPES = {{1, 1, 1}, {1, 5, 3}, {4, 1, 3}, {4, 5, 1}, {13, 31, 7}};

  @Test
  void timesTransposed() {
    for (int[] s : SHAPES) {
      FloatBuffer x = random(s[0] * s[1]);
      FloatBuffer c = random(s[2] * s[1]);
      FloatBuffer out = Nd4jGemm.allocate(s[0] * s[2]);
      Nd4jGemm.timesTransposed(x, c, out, s[0], s[1], s[2]);
      for (int i = 0; i < s[0]; i++) {
        for (int j = 0; j < s[2]; j++) {
          double sum = 0;
          for (int t = 0; t < s[1]; t++) {
            sum += x.get(i * s[1] + t) * c.get(j * s[1] + t);
          }
          assertThat((double) out.get(i * s[2] + j)).isCloseTo(sum, within(1e-4));
        }
      }
    }
  }

  @Test
  void times() {
    for (int[] s : SHAPES) {
      FloatBuffer x = random(s[0] * s[1]);
      FloatBuffer a = random(s[1] * s[2]);
      FloatBuffer out = Nd4jGemm.allocate(s[0] * s[2]);
      Nd4jGemm.times(x, a, out, s[0], s[1], s[2]);
      for (int i = 0; i < s[0]; i++) {
        for (int j = 0; j < s[2]; j++) {
          double sum = 0;
          for (int t = 0; t < s[1]; t++) {
            sum += x.get(i * s[1] + t) * a.get(t * s[2] + j);
          }
          assertThat((double) out.get(i * s[2] + j)).isCloseTo(sum, within(1e-4));
        }
      }
    }
  }

  @Test
  void addTransposedTimes() {
    for (int[] s : SHAPES) {
      FloatBuffer w = random(s[0] * s[2]);
      FloatBuffer x = random(s[0] * s[1]);
      FloatBuffer out = Nd4jGemm.allocate(s[2] * s[1]);
      for (int i = 0; i < s[2] * s[1]; i++) {
        out.put(i, i);
      }
      Nd4jGemm.addTransposedTimes(w, x, out, s[0], s[1], s[2]);
      for (int j = 0; j < s[2]; j++) {
        for (int t = 0; t < s[1]; t++) {
          double sum = j * s[1] + t;
          for (int i = 0; i < s[0]; i++) {
            sum += w.get(i * s[2] + j) * x.get(i * s[1] + t);
          }
          assertThat((double) out.get(j * s[1] + t)).isCloseTo(sum, within(1e-4));
        }
      }
    }
  }

  private static FloatBuffer random(int count) {
    SplittableRandom random = new SplittableRandom(count);
    FloatBuffer values = Nd4jGemm.allocate(count);
    for (int i = 0; i < count; i++) {
      values.put(i, (float) (random.nextDouble() - 0.5));
    }
    return values;
  }
}
