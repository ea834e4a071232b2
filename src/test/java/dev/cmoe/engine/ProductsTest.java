package dev.cmoe.engine;

import static dev.cmoe.engine.Products.Way.BLOCKS;
import static dev.cmoe.engine.Products.Way.COLUMNS;
import static dev.cmoe.engine.Products.Way.PAIR;
import static dev.cmoe.engine.Products.Way.PARTS;
import static dev.cmoe.engine.Products.Way.WIDEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.cmoe.nn.Decoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProductsTest {
  private static final int FLOAT32 = 6;
  private static final int BFLOAT16 = 15;

  /** Makes scores of a hundred and more, of which bfloat16 keeps no digit that counts. */
  private static final double SCALE = 20;

  @ParameterizedTest
  @CsvSource({
    "GenuineIntel, avx2, WIDEN PARTS",
    "GenuineIntel, avx512f, WIDEN PARTS COLUMNS",
    "GenuineIntel, avx512f avx512_bf16, WIDEN PARTS COLUMNS SINGLE",
    "GenuineIntel, avx512f avx512_bf16 amx_bf16, COLUMNS",
    "AuthenticAMD, avx2, WIDEN PARTS BLOCKS ONEDNN",
    "AuthenticAMD, avx512f avx512_bf16, PARTS COLUMNS BLOCKS SINGLE ONEDNN PAIR",
  })
  void followFromTheProcessor(String vendor, String flags, String ways) {
    Set<Products.Way> expected =
        Arrays.stream(ways.split(" ")).map(Products.Way::valueOf).collect(Collectors.toSet());
    assertThat(Products.of(CpuFeatures.of("vendor_id : " + vendor + "\nflags : " + flags)).ways())
        .isEqualTo(expected);
  }

  @Test
  void trainingLeavesOutWhatAutogradDoesNotKnow() {
    assertThat(new Products(EnumSet.allOf(Products.Way.class)).recordable().ways())
        .containsExactlyInAnyOrder(WIDEN, COLUMNS, BLOCKS, PARTS, PAIR);
    assertThat(Products.PLAIN.recordable()).isEqualTo(Products.PLAIN);
  }

  @Test
  void kernelsCompileWithAnyOfThem() {
    List<Products.Way> ways =
        Arrays.stream(Products.Way.values()).filter(way -> way != PAIR).toList();
    try (Engine engine = Engine.start(Device.CPU, 1)) {
      for (int i = 0; i < 1 << ways.size(); i++) {
        int bits = i;
        Products products =
            new Products(
                IntStream.range(0, ways.size())
                    .filter(w -> (bits >> w & 1) > 0)
                    .mapToObj(ways::get)
                    .collect(Collectors.toSet()));
        assertThatNoException()
            .as(products.toString())
            .isThrownBy(() -> engine.load(Decoder.class, "step", products));
      }
      assertThatNoException()
          .isThrownBy(() -> engine.load(Decoder.class, "step", new Products(Set.of(PAIR))));
    }
  }

  /** Whether it is fast here or not: a machine that takes other ways is tested too. */
  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"PARTS", "PAIR"})
  void eachGivesTheSameProducts(Products.Way way) {
    sameProducts(way, 1088);
    // Not a multiple of 32, so nothing goes in blocks.
    sameProducts(way, 1100);
  }

  private static void sameProducts(Products.Way way, int outputs) {
    Matrix w = Matrix.random(2, outputs, 1024);
    // Many rows go in blocks only where they go as columns.
    Set<Products.Way> ways = way == BLOCKS ? Set.of(BLOCKS, COLUMNS) : Set.of(way);
    try (Engine engine = Engine.start(Device.CPU, 2);
        Scope scope = engine.scope()) {
      Kernel kernel = engine.load(Decoder.class, "times", new Products(ways));
      for (int rows : new int[] {1, 8, 40, 64, 320}) {
        Matrix x = Matrix.random(rows, rows, 1024);
        for (int type : new int[] {FLOAT32, BFLOAT16}) {
          Matrix a = rounded(kernel, scope, x, type);
          Matrix b = rounded(kernel, scope, w, type);
          Matrix expected = a.linear(b);

          Matrix y = product(kernel, scope, a, b, type);

          double largest = expected.distance(expected.scaled(0));
          assertThat(y.distance(expected))
              .as(rows + " rows of type " + type + ", " + outputs + " outputs")
              .isLessThan((type == FLOAT32 ? 3e-6 : 5e-3) * largest);
        }
      }
    }
  }

  private static Matrix rounded(Kernel kernel, Scope scope, Matrix x, int type) {
    return Matrix.of(kernel.call(scope, "rounded", x.tensor(scope), type));
  }

  private static Matrix product(Kernel kernel, Scope scope, Matrix x, Matrix w, int type) {
    return Matrix.of(kernel.call(scope, "product", x.tensor(scope), w.tensor(scope), type));
  }

  /** With WIDEN bfloat16 goes through float32, without it is multiplied as it is. */
  @ParameterizedTest
  @CsvSource({"true, 0", "false, 0", "true, 0.7", "false, 0.7"})
  void attentionInPartsOfBfloat16(boolean widen, double cap) {
    int heads = 6;
    int shared = 2;
    int length = 150;
    int width = 8;
    Set<Products.Way> ways = widen ? Set.of(PARTS, WIDEN) : Set.of(PARTS);
    try (Engine engine = Engine.start(Device.CPU, 2);
        Scope scope = engine.scope()) {
      Kernel kernel = engine.load(Decoder.class, "parts", new Products(ways));
      Tensor q = Matrix.random(1, heads * length, width).tensor(scope, 1, heads, length, width);
      Tensor k = Matrix.random(2, shared * length, width).tensor(scope, 1, shared, length, width);
      Tensor v = Matrix.random(3, shared * length, width).tensor(scope, 1, shared, length, width);

      Matrix parts = Matrix.of(kernel.call(scope, "mixedIn", q, k, v, SCALE, cap, 0, BFLOAT16));
      Matrix engines = Matrix.of(kernel.call(scope, "byEngine", q, k, v, SCALE, cap, 0, BFLOAT16));

      double largest = engines.distance(engines.scaled(0));
      assertThat(parts.distance(engines)).isLessThan(0.02 * largest);
    }
  }

  /** Of two sequences that both see the whole cache, or of which one sees less of it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStepWithARowOfZerosBesideEachQuery(boolean masked) {
    int sequences = 2;
    int heads = 16;
    int length = 70;
    int width = 8;
    int hidden = heads * width;
    try (Engine engine = Engine.start(Device.CPU, 2);
        Scope scope = engine.scope()) {
      Tensor x = Matrix.random(1, sequences, hidden).tensor(scope, sequences, 1, hidden);
      List<Tensor> weights =
          List.of(
              Matrix.random(2, 3 * hidden, hidden).tensor(scope),
              Matrix.random(3, hidden, hidden).tensor(scope));
      Matrix cached = Matrix.random(4, sequences * heads * length, width);
      Tensor keys = cached.tensor(scope, sequences, heads, length, width);
      Tensor values = cached.scaled(-1).tensor(scope, sequences, heads, length, width);
      Tensor positions = scope.of(new int[] {length - 1, masked ? length / 2 : length - 1});
      List<Matrix> results = new ArrayList<>();
      for (Set<Products.Way> ways : List.of(Set.<Products.Way>of(), Set.of(PAIR))) {
        Kernel kernel = engine.load(Decoder.class, "parts", new Products(ways));
        for (int type : new int[] {FLOAT32, BFLOAT16}) {
          Tensor y =
              kernel.call(
                  scope, "stepped", x, weights, keys, values, positions, masked, heads, type);
          results.add(Matrix.of(y));
        }
      }

      double largest = results.get(0).distance(results.get(0).scaled(0));
      assertThat(results.get(2).distance(results.get(0))).as("float32").isZero();
      assertThat(results.get(1).distance(results.get(0))).isLessThan(0.02 * largest);
      assertThat(results.get(3).distance(results.get(0))).isLessThan(0.02 * largest);
    }
  }
}
