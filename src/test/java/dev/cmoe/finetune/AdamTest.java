package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.nn.Decoder;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdamTest {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.95;
  private static final double EPS = 1e-8;
  private static final double DECAY = 0.1;

  @TempDir Path dir;

  /** Three updates by the formulas, in double arithmetic, with clipping in the second. */
  @Test
  void followsItsFormulas() {
    new TinyCarved().write(dir, "llama");
    OptimizerSpec spec =
        new OptimizerSpec(
            Map.of(TrainedKind.GATES, 1e-2, TrainedKind.ROUTER, 1e-3),
            BETA1,
            BETA2,
            EPS,
            DECAY,
            40,
            new Schedule(Schedule.Kind.CONSTANT, 2));
    TrainingSpec training =
        new Specs().kinds(EnumSet.of(TrainedKind.GATES, TrainedKind.ROUTER)).build();
    try (Decoder decoder = TinyCarved.open(dir);
        TrainedModel model = TrainedModel.begin(decoder, training)) {
      Parameters parameters = model.parameters();
      Adam adam = new Adam(decoder.engine(), spec, 3);
      List<Parameters.Entry> entries = parameters.entries();
      double[][] value = new double[entries.size()][];
      double[][] m = new double[entries.size()][];
      double[][] v = new double[entries.size()][];
      for (int i = 0; i < value.length; i++) {
        float[] start = entries.get(i).value().toFloats();
        value[i] = new double[start.length];
        for (int j = 0; j < start.length; j++) {
          value[i][j] = start[j];
        }
        m[i] = new double[start.length];
        v[i] = new double[start.length];
      }
      for (int update = 0; update < 3; update++) {
        double square = 0;
        for (int i = 0; i < value.length; i++) {
          float[] gradient = gradient(update, i, value[i].length);
          parameters.set(entries.get(i).gradient(), gradient);
          for (float g : gradient) {
            square += (double) g * g;
          }
        }
        double length = adam.length(parameters);
        adam.update(parameters, update, length);

        assertThat(length).isCloseTo(Math.sqrt(square), Offset.offset(1e-9));
        assertThat(length > 40).isEqualTo(update == 1);
        double clip = length > 40 ? 40 / length : 1;
        for (int i = 0; i < value.length; i++) {
          boolean gates = entries.get(i).parameter().kind() == TrainedKind.GATES;
          double rate = (gates ? 1e-2 : 1e-3) * (update == 0 ? 0.5 : 1);
          float[] gradient = gradient(update, i, value[i].length);
          for (int j = 0; j < gradient.length; j++) {
            double g = clip * gradient[j];
            m[i][j] = BETA1 * m[i][j] + (1 - BETA1) * g;
            v[i][j] = BETA2 * v[i][j] + (1 - BETA2) * g * g;
            double first = m[i][j] / (1 - Math.pow(BETA1, update + 1));
            double second = v[i][j] / (1 - Math.pow(BETA2, update + 1));
            value[i][j] -= rate * (first / (Math.sqrt(second) + EPS) + DECAY * value[i][j]);
          }
        }
      }
      for (int i = 0; i < value.length; i++) {
        float[] actual = entries.get(i).value().toFloats();
        for (int j = 0; j < actual.length; j++) {
          assertThat((double) actual[j]).isCloseTo(value[i][j], Offset.offset(2e-6));
        }
      }
    }
  }

  private static float[] gradient(int update, int tensor, int count) {
    float[] gradient = new float[count];
    for (int j = 0; j < count; j++) {
      gradient[j] = (float) Math.sin(3 + 7 * tensor + 13 * j + 29 * update) * (update == 1 ? 9 : 1);
    }
    return gradient;
  }

  @Test
  void warmsUpAndCoolsDown() {
    Schedule cosine = new Schedule(Schedule.Kind.COSINE, 2);

    assertThat(cosine.factor(0, 10)).isEqualTo(0.5);
    assertThat(cosine.factor(1, 10)).isEqualTo(1);
    assertThat(cosine.factor(2, 10)).isEqualTo(1);
    assertThat(cosine.factor(6, 10)).isCloseTo(0.5, Offset.offset(1e-12));
    assertThat(cosine.factor(10, 10)).isCloseTo(0, Offset.offset(1e-12));
    assertThat(new Schedule(Schedule.Kind.CONSTANT, 0).factor(9, 10)).isEqualTo(1);
  }
}
