package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.AttentionSpec;
import dev.cmoe.arch.Configs;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.RopeSpec;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import dev.cmoe.vector.Bfloat16;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionKernelTest {
  private static final int BFLOAT16 = 15;
  private static final int HIDDEN = 10;
  private static final int LENGTH = 7;
  private static final double CAP = 200;
  private static final double EPSILON = 1e-5;
  private final Engine engine = SharedEngine.get();

  @ParameterizedTest
  @CsvSource({"4,4,false", "4,2,false", "4,1,true", "3,3,true"})
  void addsCausalAttention(int heads, int shared, boolean biased) {
    DecoderConfig config = config(heads, shared, 6);
    int query = heads * 6;
    int keyValue = shared * 6;
    Matrix norm = Matrix.random(1, 1, HIDDEN);
    List<Matrix> weights =
        List.of(
            Matrix.random(2, query, HIDDEN),
            Matrix.random(3, keyValue, HIDDEN),
            Matrix.random(4, keyValue, HIDDEN),
            Matrix.random(5, HIDDEN, query));
    List<Matrix> biases =
        biased
            ? weights.stream()
                .map(weight -> Matrix.random(weight.rows(), 1, weight.rows()))
                .toList()
            : weights.stream().map(weight -> Matrix.zeros(1, weight.rows())).toList();
    Matrix first = Matrix.random(6, LENGTH, HIDDEN);
    Matrix second = Matrix.random(7, LENGTH, HIDDEN);
    Kernel kernel = engine.kernel(Attention.class, "attention");
    try (Scope scope = engine.scope()) {
      Rotary rotary = Rotary.of(scope, config.rope(), config.headDim(), LENGTH);
      float[] both = new float[2 * LENGTH * HIDDEN];
      System.arraycopy(first.floats(), 0, both, 0, both.length / 2);
      System.arraycopy(second.floats(), 0, both, both.length / 2, both.length / 2);
      Matrix result =
          Matrix.of(
              kernel.call(
                  scope,
                  "forward",
                  List.of(norm.tensor(scope, HIDDEN)),
                  EPSILON,
                  weights.stream().map(weight -> weight.tensor(scope)).toList(),
                  biased
                      ? biases.stream().map(b -> b.tensor(scope, b.columns())).toList()
                      : List.of(),
                  List.of(),
                  List.of(),
                  heads,
                  shared,
                  config.attention().scale(),
                  0.0,
                  6,
                  scope.of(both, 2, LENGTH, HIDDEN),
                  rotary.cos(),
                  rotary.sin(),
                  0));

      assertThat(result.rows(0, LENGTH).distance(expected(first, norm, weights, biases, config)))
          .isLessThan(2e-4);
      assertThat(
              result.rows(LENGTH, LENGTH).distance(expected(second, norm, weights, biases, config)))
          .isLessThan(2e-4);
    }
  }

  /** Projections of q, k and v as one matrix, with what a family may have beside them. */
  @ParameterizedTest
  @CsvSource({"false, NONE", "true, NONE", "false, EACH", "true, EACH", "true, ALL"})
  void stackedProjectionsGiveTheSame(boolean biased, AttentionSpec.HeadNorm headNorm) {
    int heads = 4;
    int shared = 2;
    int width = 6;
    int[] rows = {heads * width, shared * width, shared * width};
    try (Scope scope = engine.scope()) {
      List<Matrix> matrices = new ArrayList<>();
      List<Tensor> biases = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        matrices.add(Matrix.random(2 + i, rows[i], HIDDEN));
        biases.add(Matrix.random(20 + i, 1, rows[i]).tensor(scope, rows[i]));
      }
      Tensor output = Matrix.random(5, HIDDEN, heads * width).tensor(scope);
      List<Tensor> apart = new ArrayList<>();
      matrices.forEach(matrix -> apart.add(matrix.tensor(scope)));
      apart.add(output);
      float[] all = new float[(heads + 2 * shared) * width * HIDDEN];
      int next = 0;
      for (Matrix matrix : matrices) {
        System.arraycopy(matrix.floats(), 0, all, next, matrix.floats().length);
        next += matrix.floats().length;
      }
      List<Tensor> stacked = List.of(scope.of(all, all.length / HIDDEN, HIDDEN), output);
      List<Tensor> norms =
          switch (headNorm) {
            case NONE -> List.of();
            case EACH -> List.of(vector(scope, 8, width), vector(scope, 9, width));
            case ALL -> List.of(vector(scope, 8, rows[0]), vector(scope, 9, rows[1]));
          };
      List<Tensor> norm = List.of(vector(scope, 1, HIDDEN));
      Rotary rotary = Rotary.of(scope, RopeSpec.plain(100), width - 2, LENGTH);
      Object[] shape = {heads, shared, 0.4, 0.0, 6};
      Tensor x = tensor(scope, Matrix.random(6, 2 * LENGTH, HIDDEN), 0, LENGTH);
      List<Tensor> added = biased ? biases : List.of();
      Object[] one = {norm, EPSILON, stacked, added, norms, List.of()};
      Object[] three = {norm, EPSILON, apart, added, norms, List.of()};

      Matrix result = call(scope, "forward", x, one, rotary, shape, 0);

      assertThat(result.distance(call(scope, "forward", x, three, rotary, shape, 0)))
          .isLessThan(1e-5);
      for (Object[] fixed : List.of(one, three)) {
        Tensor[] filled = {cache(scope, shared, width), cache(scope, shared, width)};
        Tensor[] remembered = {cache(scope, shared, width), cache(scope, shared, width)};
        call(scope, "prefill", x, fixed, rotary, shape, 0, filled[0], filled[1]);
        engine
            .kernel(Attention.class, "attention")
            .apply(
                scope,
                "remember",
                arguments(x, fixed, rotary, shape, remembered[0], remembered[1]));
        for (int i = 0; i < 2; i++) {
          assertThat(Matrix.of(remembered[i]).distance(Matrix.of(filled[i]))).isLessThan(1e-5);
          assertThat(Matrix.of(filled[i]).distance(Matrix.of(cache(scope, shared, width))))
              .isGreaterThan(0.1);
        }
      }
    }
  }

  private static Tensor vector(Scope scope, long seed, int width) {
    return Matrix.random(seed, 1, width).tensor(scope, width);
  }

  /** Of two sequences of at most {@link #LENGTH} tokens and two more. */
  private static Tensor cache(Scope scope, int shared, int width) {
    return scope.zeros(2, shared, LENGTH + 2, width);
  }

  /**
   * Scores around 89 of two keys of each sequence, the first and the last that is seen, which
   * bfloat16 would round by up to a quarter; others have around 62.
   */
  @ParameterizedTest
  @CsvSource({"9, false", "9, true", "200000, false"})
  void scoresUnderASoftCapAreNotRounded(int count, boolean masked) {
    int width = 4;
    int seen = masked ? count - 2 : count;
    Matrix q = bfloat16(1, 2, width);
    Matrix k = bfloat16(2, 2 * count, width);
    Matrix v = bfloat16(3, 2 * count, width);
    Matrix expected = Matrix.zeros(2, width);
    for (int b = 0; b < 2; b++) {
      q.row(b)[0] = 8;
      for (int t = 0; t < count; t++) {
        k.row(b * count + t)[0] = t == 0 || t == seen - 1 ? 12 : 8;
      }
      Matrix weight =
          q.rows(b, 1)
              .linear(k.rows(b * count, seen))
              .map(score -> Math.exp(CAP * Math.tanh(score / CAP)));
      double sum = Arrays.stream(weight.row(0)).sum();
      Matrix mean = weight.map(share -> share / sum).times(v.rows(b * count, seen));
      System.arraycopy(mean.row(0), 0, expected.row(b), 0, width);
    }
    try (Scope scope = engine.scope()) {
      Kernel typed = engine.kernel(AttentionKernelTest.class, "parts");
      Tensor queries = q.tensor(scope, 2, 1, 1, width);
      Tensor keys = k.tensor(scope, 2, 1, count, width);
      Tensor values = v.tensor(scope, 2, 1, count, width);
      List<Tensor> at = masked ? List.of(scope.of(new int[] {seen - 1, seen - 1})) : List.of();

      Matrix step =
          Matrix.of(typed.call(scope, "cappedIn", queries, keys, values, at, CAP, BFLOAT16));

      assertThat(step.distance(expected)).isLessThan(0.01);
      if (count < 10) {
        Matrix prompt =
            Matrix.of(
                typed.call(scope, "cappedByEngine", queries, keys, values, seen, CAP, BFLOAT16));
        assertThat(prompt.distance(expected)).isLessThan(0.01);
      }
    }
  }

  private static Matrix bfloat16(long seed, int rows, int columns) {
    return Matrix.random(seed, rows, columns).map(value -> Bfloat16.rounded((float) value));
  }

  /** 64 queries at a time, against the engine's own attention; two sequences. */
  @ParameterizedTest
  @CsvSource({
    "1, 2, 0, 0",
    "63, 6, 0, 0",
    "64, 2, 0, 0",
    "65, 1, 0, 0",
    "150, 2, 0, 0",
    "150, 6, 0, 0",
    "150, 2, 1, 0",
    "150, 2, 40, 0",
    "150, 2, 64, 0",
    "150, 3, 65, 0",
    "150, 2, 149, 0",
    "150, 2, 150, 0",
    "150, 2, 0, 0.7",
    "150, 3, 70, 0.7"
  })
  void queriesGoThroughInParts(int length, int shared, int window, double cap) {
    int heads = 6;
    int width = 4;
    Kernel kernel = engine.kernel(Attention.class, "attention");
    try (Scope scope = engine.scope()) {
      Tensor q = Matrix.random(1, 2 * heads * length, width).tensor(scope, 2, heads, length, width);
      Tensor k =
          Matrix.random(2, 2 * shared * length, width).tensor(scope, 2, shared, length, width);
      Tensor v =
          Matrix.random(3, 2 * shared * length, width).tensor(scope, 2, shared, length, width);
      int sliding = window < length ? window : 0;

      Matrix parts = Matrix.of(kernel.call(scope, "mixedInParts", q, k, v, 0.9, cap, sliding));
      Matrix whole = Matrix.of(kernel.call(scope, "mixedByEngine", q, k, v, 0.9, cap, sliding));

      assertThat(parts.distance(whole)).isLessThan(1e-5);
      assertThat(Matrix.of(kernel.call(scope, "mixed", q, k, v, 0.9, cap, window)).distance(parts))
          .isZero();
      Kernel typed = engine.kernel(AttentionKernelTest.class, "parts");
      Matrix rounded =
          Matrix.of(typed.call(scope, "mixedIn", q, k, v, 0.9, cap, sliding, BFLOAT16));
      // What went in is rounded to 8 bits.
      assertThat(rounded.distance(whole)).isLessThan(0.1);
    }
  }

  /** Every option of a family; sequences of 5 and 6 tokens get one more. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 6, false",
    "3, 0, 6, false",
    "0, 2.5, 4, true",
    "3, 2.5, 6, true",
    "9, 0, 4, false"
  })
  void aStepContinuesWhatWasFilledIn(int window, double cap, int turning, boolean headNorms) {
    int heads = 4;
    int shared = 2;
    int width = 6;
    try (Scope scope = engine.scope()) {
      List<Tensor> norm = List.of(Matrix.random(1, 1, HIDDEN).tensor(scope, HIDDEN));
      List<Tensor> weights =
          List.of(
              Matrix.random(2, heads * width, HIDDEN).tensor(scope),
              Matrix.random(3, shared * width, HIDDEN).tensor(scope),
              Matrix.random(4, shared * width, HIDDEN).tensor(scope),
              Matrix.random(5, HIDDEN, heads * width).tensor(scope));
      List<Tensor> norms =
          headNorms
              ? List.of(
                  Matrix.random(8, 1, width).tensor(scope, width),
                  Matrix.random(9, 1, width).tensor(scope, width))
              : List.of();
      Rotary rotary = Rotary.of(scope, RopeSpec.plain(100), turning, LENGTH);
      Object[] fixed = {norm, EPSILON, weights, List.of(), norms, List.of()};
      Object[] shape = {heads, shared, 0.4, cap, 6};
      Matrix both = Matrix.random(6, 2 * LENGTH, HIDDEN);
      Matrix full =
          call(scope, "forward", tensor(scope, both, 0, LENGTH), fixed, rotary, shape, window);
      Tensor keys = scope.zeros(2, shared, LENGTH + 2, width);
      Tensor values = scope.zeros(2, shared, LENGTH + 2, width);
      Rotary start = Rotary.of(scope, RopeSpec.plain(100), turning, LENGTH - 1);
      call(
          scope,
          "prefill",
          tensor(scope, both, 0, LENGTH - 1),
          fixed,
          start,
          shape,
          window,
          keys,
          values);

      // The second sequence is one token shorter: what padding left is overwritten or not seen.
      Tensor positions = scope.of(new int[] {LENGTH - 1, LENGTH - 2});
      Kernel kernel = engine.kernel(Attention.class, "attention");
      Rotary angles =
          new Rotary(
              kernel.call(scope, "angles", rotary.cos(), positions),
              kernel.call(scope, "angles", rotary.sin(), positions));
      int first = window > 0 ? Math.max(0, LENGTH - 1 - window) : 0;
      int count = LENGTH - first;
      Tensor seen = kernel.call(scope, "seen", positions, first, count, window);
      Matrix last = both.rowsOf(LENGTH - 1, 2 * LENGTH - 2);
      Matrix step =
          call(
              scope,
              "step",
              scope.of(last.floats(), 2, 1, HIDDEN),
              fixed,
              angles,
              shape,
              keys,
              values,
              positions,
              List.of(seen),
              first,
              count);

      assertThat(step.distance(full.rowsOf(LENGTH - 1, 2 * LENGTH - 2))).isLessThan(2e-5);
    }
  }

  /** The first {@code count} tokens of both sequences, of {@link #LENGTH} rows each. */
  private static Tensor tensor(Scope scope, Matrix both, int first, int count) {
    float[] values = new float[2 * count * HIDDEN];
    for (int b = 0; b < 2; b++) {
      System.arraycopy(
          both.rows(b * LENGTH + first, count).floats(),
          0,
          values,
          b * count * HIDDEN,
          count * HIDDEN);
    }
    return scope.of(values, 2, count, HIDDEN);
  }

  private Matrix call(
      Scope scope,
      String method,
      Tensor x,
      Object[] fixed,
      Rotary rotary,
      Object[] shape,
      Object... more) {
    Kernel kernel = engine.kernel(Attention.class, "attention");
    return Matrix.of(kernel.call(scope, method, arguments(x, fixed, rotary, shape, more)));
  }

  private static Object[] arguments(
      Tensor x, Object[] fixed, Rotary rotary, Object[] shape, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of(fixed));
    arguments.addAll(List.of(shape));
    arguments.addAll(List.of(x, rotary.cos(), rotary.sin()));
    arguments.addAll(List.of(more));
    return arguments.toArray();
  }

  private static Matrix expected(
      Matrix x, Matrix norm, List<Matrix> weights, List<Matrix> biases, DecoderConfig config) {
    Matrix z = ReferenceDecoder.normed(x, norm, EPSILON);
    float[] frequencies = config.rope().inverseFrequencies(config.headDim(), LENGTH);
    double[] angles = new double[frequencies.length];
    for (int i = 0; i < angles.length; i++) {
      angles[i] = frequencies[i];
    }
    Matrix mixed =
        ReferenceDecoder.attention(
            z.linear(weights.get(0)).plus(biases.get(0)),
            z.linear(weights.get(1)).plus(biases.get(1)),
            z.linear(weights.get(2)).plus(biases.get(2)),
            config.heads(),
            config.keyValueHeads(),
            angles);
    return x.plus(mixed.linear(weights.get(3)).plus(biases.get(3)));
  }

  private static DecoderConfig config(int heads, int shared, int width) {
    return Configs.decoder(
        "{'hidden_size': %d, 'num_attention_heads': %d, 'num_key_value_heads': %d, 'head_dim': %d, 'rope_theta': 100}"
            .formatted(HIDDEN, heads, shared, width));
  }
}
