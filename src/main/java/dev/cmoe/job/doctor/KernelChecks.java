package dev.cmoe.job.doctor;

import dev.cmoe.arch.Activation;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.FeedForward;
import dev.cmoe.run.FailureKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * The program's own kernels on small random inputs, on the chosen device and in both compute types,
 * compared with {@link PlainBlocks}. By their number rows go different ways: 64 are many, 8 with a
 * large matrix are few, one is a token that is generated.
 */
final class KernelChecks {
  static final String DENSE = "dense feed-forward";
  static final String MIXTURE = "mixture of experts";
  static final String ATTENTION = "attention";

  private static final int TOKENS = 64;
  private static final int HIDDEN = 96;
  private static final int EXPERTS = 6;
  private static final int WIDTH = 32;
  private static final int SHARED = 2 * WIDTH;
  private static final int NEURONS = SHARED + EXPERTS * WIDTH;
  private static final int ACTIVE = 2;
  private static final int[] ROWS = {1, 8, 32, 320};

  /** Of more rows only the first are compared. */
  private static final int COMPARED = 8;

  private static final int LARGE = 1088;
  private static final int INNER = 1024;

  /** The kernel's number of a linear router. */
  private static final int LINEAR = 2;

  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int HEAD = 24;
  private static final double EPSILON = 1e-5;
  private static final double INWARD = 1 / Math.sqrt(HIDDEN);
  private static final double OUTWARD = 1 / Math.sqrt(NEURONS);

  private final Engine engine;
  private final double[][] x = PlainBlocks.random(1, TOKENS, HIDDEN, 1);
  private final double[][] gate = PlainBlocks.random(2, NEURONS, HIDDEN, INWARD);
  private final double[][] up = PlainBlocks.random(3, NEURONS, HIDDEN, INWARD);
  private final double[][] down = PlainBlocks.random(4, HIDDEN, NEURONS, OUTWARD);

  KernelChecks(Engine engine) {
    this.engine = engine;
  }

  /** y = (SiLU(x gate') ⊙ (x up')) down'. */
  Check dense() {
    return made(DENSE, this::dense);
  }

  /**
   * Shared neurons, six experts and a linear router: with all experts on it is the dense block,
   * with two it is the dense block with neurons left out.
   */
  Check mixture() {
    return made(MIXTURE, this::mixture);
  }

  /** Norm, projections, rotary positions, causal attention with shared keys, residual. */
  Check attention() {
    return made(ATTENTION, this::attention);
  }

  private Check made(String name, Function<Block, Deviation> deviation) {
    List<Deviation> found = new ArrayList<>();
    for (ComputeType type : ComputeType.values()) {
      try (Block block = Block.open(engine, type)) {
        found.add(deviation.apply(block));
      }
    }
    return judged(name, engine.device().toString(), found);
  }

  static Check judged(String name, String device, List<Deviation> found) {
    List<String> parts = new ArrayList<>();
    for (Deviation deviation : found) {
      parts.add(
          String.format(
              Locale.ROOT,
              deviation.isRounding() ? "%.0e in %s" : "%.0e in %s (rounding is at most %.0e)",
              deviation.of(),
              deviation.type(),
              deviation.allowed()));
    }
    String detail =
        "differs from plain arithmetic by " + String.join(", ", parts) + ", on " + device;
    Check check =
        found.stream().allMatch(Deviation::isRounding)
            ? Check.ok(name, detail)
            : Check.failed(
                name,
                FailureKind.VERIFICATION,
                detail,
                "results on this machine are wrong: try another device or --threads 1, and report it");
    check = check.with("device", device);
    for (Deviation deviation : found) {
      check = check.with(deviation.type() + "Error", deviation.of());
    }
    return check;
  }

  private Deviation dense(Block block) {
    double[][] expected = PlainBlocks.dense(x, gate, up, down);
    Deviation many = Deviation.between(block.type(), expected, dense(block, x));
    double[][] one = {x[TOKENS - 1]};
    double[][] last = {expected[TOKENS - 1]};
    Deviation both = many.worse(Deviation.between(block.type(), last, dense(block, one)));
    return block.type() == ComputeType.FLOAT32 ? both.worse(large(block)) : both;
  }

  /** Rows times a large matrix, which go other ways by how many they are (Products). */
  private Deviation large(Block block) {
    double[][] weight = PlainBlocks.random(12, LARGE, INNER, 1 / Math.sqrt(INNER));
    Tensor stored = block.weight(weight);
    double[][] all = PlainBlocks.random(11, ROWS[ROWS.length - 1], INNER, 1);
    double[][] first = PlainBlocks.linear(Arrays.copyOf(all, COMPARED), weight);
    Deviation worst = null;
    for (int rows : ROWS) {
      Tensor input = block.input(Arrays.copyOf(all, rows));
      Tensor product = kernel("feedforward").call(block.scope(), "times", input, stored);
      double[][] expected = Arrays.copyOf(first, Math.min(rows, COMPARED));
      double[][] found = Arrays.copyOf(Block.rows(product), expected.length);
      Deviation deviation = Deviation.between(block.type(), expected, found);
      worst = worst == null ? deviation : worst.worse(deviation);
    }
    return worst;
  }

  private double[][] dense(Block block, double[][] rows) {
    return Block.rows(
        kernel("feedforward")
            .call(
                block.scope(),
                "dense",
                block.input(rows),
                List.of(block.weight(gate), block.weight(up)),
                block.weight(down),
                List.of(),
                Activation.SILU.code(),
                block.scalarType()));
  }

  private Deviation mixture(Block block) {
    double[][] all = new double[TOKENS][EXPERTS];
    for (double[] row : all) {
      Arrays.fill(row, 1);
    }
    double[][] whole = mixture(block, "mixture", x, block.input(all));
    Deviation worst =
        Deviation.between(block.type(), dense(block, x), whole)
            .worse(Deviation.between(block.type(), PlainBlocks.dense(x, gate, up, down), whole));

    double[][] router = PlainBlocks.random(5, EXPERTS, HIDDEN, INWARD);
    double[][] chosen = PlainBlocks.gates(PlainBlocks.linear(x, router), ACTIVE);
    List<Tensor> parts = List.of(block.input(router), block.input(new double[EXPERTS]));
    List<Tensor> selection = List.of(block.input(new double[EXPERTS]));
    Tensor gates =
        kernel("feedforward")
            .call(
                block.scope(),
                "gates",
                block.input(x),
                LINEAR,
                parts,
                selection,
                List.of(),
                Activation.SILU.code(),
                ACTIVE);
    double[][] routed = PlainBlocks.mixture(x, gate, up, down, SHARED, WIDTH, chosen);
    worst =
        worst
            // Of zeros and ones: a single other choice is as far off as can be.
            .worse(Deviation.between(block.type(), chosen, Block.rows(gates)))
            .worse(Deviation.between(block.type(), routed, mixture(block, "mixture", x, gates)));
    double[][] one = {x[0]};
    double[][] first = {routed[0]};
    return worst.worse(
        Deviation.between(
            block.type(),
            first,
            mixture(block, "mixtureOfOne", one, LINEAR, parts, selection, List.of(), ACTIVE)));
  }

  /**
   * @param routes what {@code method} is told of the experts that run
   */
  private double[][] mixture(Block block, String method, double[][] rows, Object... routes) {
    double[][] inward = new double[EXPERTS * 2 * WIDTH][];
    double[][] outward = new double[EXPERTS * HIDDEN][];
    for (int e = 0; e < EXPERTS; e++) {
      int first = SHARED + e * WIDTH;
      for (int j = 0; j < WIDTH; j++) {
        inward[e * 2 * WIDTH + j] = gate[first + j];
        inward[e * 2 * WIDTH + WIDTH + j] = up[first + j];
      }
      for (int i = 0; i < HIDDEN; i++) {
        outward[e * HIDDEN + i] = Arrays.copyOfRange(down[i], first, first + WIDTH);
      }
    }
    double[][] sharedDown =
        Arrays.stream(down).map(row -> Arrays.copyOf(row, SHARED)).toArray(double[][]::new);
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                block.input(rows),
                List.of(
                    block.weight(Arrays.copyOf(gate, SHARED)),
                    block.weight(Arrays.copyOf(up, SHARED))),
                List.of(block.weight(sharedDown)),
                List.of(),
                List.of(block.weight(inward, EXPERTS, 2L * WIDTH, HIDDEN)),
                List.of(block.weight(outward, EXPERTS, HIDDEN, WIDTH)),
                List.of(),
                List.of()));
    arguments.addAll(List.of(routes));
    arguments.addAll(List.of(WIDTH, Activation.SILU.code(), block.scalarType()));
    return Block.rows(kernel("feedforward").call(block.scope(), method, arguments.toArray()));
  }

  private Deviation attention(Block block) {
    int query = HEADS * HEAD;
    int key = KEY_HEADS * HEAD;
    List<double[][]> weights =
        List.of(
            PlainBlocks.random(6, query, HIDDEN, INWARD),
            PlainBlocks.random(7, key, HIDDEN, INWARD),
            PlainBlocks.random(8, key, HIDDEN, INWARD),
            PlainBlocks.random(9, HIDDEN, query, 1 / Math.sqrt(query)));
    double[] norm = PlainBlocks.random(10, 1, HIDDEN, 1)[0];
    double[] angles = new double[HEAD / 2];
    Arrays.setAll(angles, i -> Math.pow(10000, -2.0 * i / HEAD));
    double[][] cos = new double[TOKENS][HEAD];
    double[][] sin = new double[TOKENS][HEAD];
    for (int t = 0; t < TOKENS; t++) {
      for (int i = 0; i < HEAD; i++) {
        cos[t][i] = Math.cos(t * angles[i % angles.length]);
        double sine = Math.sin(t * angles[i % angles.length]);
        sin[t][i] = i < angles.length ? -sine : sine;
      }
    }
    Tensor result =
        kernel("attention")
            .call(
                block.scope(),
                "forward",
                List.of(block.input(norm)),
                EPSILON,
                weights.stream().map(block::weight).toList(),
                List.of(),
                List.of(),
                List.of(),
                HEADS,
                KEY_HEADS,
                1 / Math.sqrt(HEAD),
                0.0,
                block.scalarType(),
                block.input(x, 1, TOKENS, HIDDEN),
                block.input(cos),
                block.input(sin),
                0);

    double[][] z = PlainBlocks.normed(x, norm, EPSILON);
    double[][] mixed =
        PlainBlocks.attention(
            PlainBlocks.linear(z, weights.get(0)),
            PlainBlocks.linear(z, weights.get(1)),
            PlainBlocks.linear(z, weights.get(2)),
            HEADS,
            KEY_HEADS,
            angles);
    double[][] added = PlainBlocks.linear(mixed, weights.get(3));
    // Without the residual, which would hide what is wrong.
    return Deviation.between(block.type(), added, PlainBlocks.minus(Block.rows(result), x));
  }

  private Kernel kernel(String name) {
    return engine.kernel(FeedForward.class, name);
  }
}
