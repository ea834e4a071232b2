package dev.cmoe.job.doctor;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.job.ProcessMemory;
import dev.cmoe.nn.FeedForward;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How fast the device multiplies: many rows, as in prefill and carving, where arithmetic is the
 * limit, and one row over a matrix too large for the caches, as in generating, where reading is.
 */
final class SpeedCheck {
  static final String NAME = "speed";

  private static final double SECONDS = 0.3;
  private static final int ROWS = 512;
  private static final int INNER = 2048;
  private static final int COLUMNS = 4096;

  /** Of the large matrix, and where memory is short. */
  private static final long LARGE = 256L << 20;

  private static final long SMALL = 32L << 20;

  private final Engine engine;
  private final Kernel kernel;

  SpeedCheck(Engine engine) {
    this.engine = engine;
    this.kernel = engine.kernel(FeedForward.class, "feedforward");
  }

  Check measured() {
    boolean roomy = ProcessMemory.available().orElse(Long.MAX_VALUE) > 4 * LARGE;
    long bytes = roomy || engine.device().isGpu() ? LARGE : SMALL;
    List<String> arithmetic = new ArrayList<>();
    List<String> reading = new ArrayList<>();
    Check check = Check.ok(NAME, "");
    for (ComputeType type : ComputeType.values()) {
      double operations = 2.0 * ROWS * INNER * COLUMNS * productsPerSecond(type, ROWS, COLUMNS);
      int rows = Math.toIntExact(bytes / type.bytes() / INNER);
      double read = (double) bytes * productsPerSecond(type, 1, rows);
      arithmetic.add(String.format(Locale.ROOT, "%.0f GFLOP/s in %s", operations / 1e9, type));
      reading.add(String.format(Locale.ROOT, "%.1f GB/s in %s", read / 1e9, type));
      check =
          check.with(type + "OperationsPerSecond", operations).with(type + "BytesPerSecond", read);
    }
    String detail =
        "%s; one row over %d MiB reads %s; on %s with %d threads"
            .formatted(
                String.join(", ", arithmetic),
                bytes >> 20,
                String.join(", ", reading),
                engine.device(),
                engine.threads());
    Check all = Check.ok(NAME, detail);
    for (var fact : check.facts().entrySet()) {
      all = all.with(fact.getKey(), fact.getValue());
    }
    return all.with("matrixBytes", bytes).with("device", engine.device().toString());
  }

  /** Products of [rows,INNER] by transposed [columns,INNER] a second. */
  private double productsPerSecond(ComputeType type, int rows, int columns) {
    try (Block block = Block.open(engine, type)) {
      Tensor x = matrix(block, 1, rows);
      Tensor w = matrix(block, 2, columns);
      run(block, x, w, 1);
      int times = 1;
      while (true) {
        long start = System.nanoTime();
        run(block, x, w, times);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (seconds >= SECONDS / 2) {
          return times / seconds;
        }
        times = (int) Math.min(1 << 20, Math.max(2L * times, (long) (times * SECONDS / seconds)));
      }
    }
  }

  /** Products one after the other; on a GPU they have ended when the last line returns. */
  private void run(Block block, Tensor x, Tensor w, int times) {
    for (int i = 0; i < times; i++) {
      try (Scope scratch = block.scope().child()) {
        kernel.call(scratch, "times", x, w);
      }
    }
    try (Scope scratch = block.scope().child()) {
      Tensor one = scratch.of(new float[] {1}, 1, 1);
      kernel.call(scratch, "times", one, one).toFloats();
    }
  }

  /** [rows,INNER] in the compute type: the products of two random vectors. */
  private Tensor matrix(Block block, long seed, int rows) {
    try (Scope scratch = block.scope().child()) {
      double[][] left = PlainBlocks.random(seed, rows, 1, 1);
      double[][] right = PlainBlocks.random(seed + 10, INNER, 1, 1);
      Tensor product = kernel.call(scratch, "times", block.input(left), block.input(right));
      return block.scope().keep(block.files().place(scratch, product, block.type()));
    }
  }
}
