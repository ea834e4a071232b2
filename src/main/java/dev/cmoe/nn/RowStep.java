package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.Residual;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.vector.Crew;
import dev.cmoe.vector.Floats;
import dev.cmoe.vector.HeadCache;
import dev.cmoe.vector.Row;
import dev.cmoe.vector.VectorModule;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What {@link DecodeStep} computes, for one sequence in bfloat16, in Java: the engine's product
 * with one row reads small matrices slowly, and each of its operations costs as much as reading a
 * hundred thousand weights (docs/experiments.md). Values are rounded where the kernels round them,
 * but for the shares of attention, which stay float32, and sums run in another order, so results
 * differ as those of two engines do. Not for several threads at once.
 */
final class RowStep implements AutoCloseable {
  /**
   * Bytes of weights from which it is worthwhile: Java takes a second to compile it, which some
   * hundred tokens of such a model win back, and fewer of a larger one.
   */
  private static final long LARGE = 1L << 30;

  /** Values of a tensor whose bytes can be counted. */
  private static final int MOST = Integer.MAX_VALUE / Short.BYTES;

  private record Layer(
      RowNorm norm,
      List<RowLinear> inward,
      RowLinear out,
      List<RowNorm> headNorms,
      RowNorm after,
      RowNorm blockNorm,
      RowNorm blockAfter,
      RowBlock block,
      int window) {}

  private final DecoderConfig config;
  private final Crew crew;
  private final List<Layer> layers = new ArrayList<>();
  private final RowBlock.Room room;
  private final RowNorm lastNorm;
  private final RowLinear head;
  private final float[] headBias;

  /**
   * Weights are used where they lie: they are bfloat16, on the CPU, and stay open as long as this.
   * Blocks are mixtures.
   *
   * @param threads that share the work
   */
  RowStep(DecoderConfig config, List<DecoderLayer> layers, OutputHead head, int threads) {
    this.config = config;
    double epsilon = config.norm().epsilon();
    for (DecoderLayer layer : layers) {
      this.layers.add(layer(layer, epsilon));
    }
    room = RowBlock.roomFor(this.layers.stream().map(Layer::block).toList(), config.hidden());
    lastNorm = new RowNorm(head.norm(), epsilon);
    this.head = RowLinear.of(head.weight());
    headBias = head.bias().isEmpty() ? new float[0] : head.bias().get(0).toFloats();
    crew = new Crew(threads);
  }

  private Layer layer(DecoderLayer layer, double epsilon) {
    List<List<Tensor>> tensors = layer.stepTensors();
    List<Tensor> weights = tensors.get(1);
    List<float[]> biases = tensors.get(2).stream().map(Tensor::toWidened).toList();
    RowLinear out = RowLinear.of(weights.get(weights.size() - 1));
    return new Layer(
        new RowNorm(tensors.get(0), epsilon),
        inward(weights, biases),
        biases.size() > 3 ? out.plus(biases.get(3), 0) : out,
        tensors.get(3).stream().map(norm -> new RowNorm(List.of(norm), epsilon)).toList(),
        new RowNorm(tensors.get(4), epsilon),
        new RowNorm(tensors.get(5), epsilon),
        new RowNorm(tensors.get(6), epsilon),
        RowBlock.of((Mixture) layer.feedForward(), config.feedForward().activation()),
        config.attention().window(layer.index()));
  }

  /** q, k and v, which may lie in one matrix, each with its bias. */
  private List<RowLinear> inward(List<Tensor> weights, List<float[]> biases) {
    int shared = config.keyValueHeads() * config.headDim();
    int[] rows = {config.heads() * config.headDim(), shared, shared};
    List<RowLinear> parts = new ArrayList<>();
    int first = 0;
    for (int i = 0; i < rows.length; i++) {
      RowLinear part =
          weights.size() == 2
              ? RowLinear.of(weights.get(0)).part(first, rows[i])
              : RowLinear.of(weights.get(i));
      parts.add(biases.isEmpty() ? part : part.plus(biases.get(i), 0));
      first += rows[i];
    }
    return parts;
  }

  /**
   * Whether this way is possible, and in the long run the faster one, as far as was measured: not
   * for dense models, whose matrices are large.
   */
  static boolean isWorthwhile(Decoder decoder, List<DecoderLayer> layers, OutputHead head) {
    List<Tensor> weights = new ArrayList<>(List.of(head.weight()));
    layers.forEach(layer -> layer.stepTensors().forEach(weights::addAll));
    return decoder.moe().isPresent()
        && decoder.weights().type() == ComputeType.BFLOAT16
        && decoder.engine().multipliesSingleRows()
        && VectorModule.isUsable()
        && isOfASize(weights.stream().mapToLong(Tensor::count).toArray());
  }

  /** Whether tensors of so many values are small enough each, and large enough together. */
  static boolean isOfASize(long... values) {
    return Arrays.stream(values).max().orElse(0) <= MOST
        && Arrays.stream(values).sum() >= LARGE / Short.BYTES;
  }

  /** Whether a cache in bfloat16 is small enough. */
  static boolean canRead(KeyValueCache cache) {
    return cache.keys(0).count() <= MOST;
  }

  /**
   * The step of one sequence with this cache.
   *
   * @param angles of all positions, a layer each
   */
  Bound bind(List<Rotary> angles, KeyValueCache cache) {
    return new Bound(angles, cache);
  }

  @Override
  public void close() {
    crew.close();
  }

  /** See {@link #bind}. */
  final class Bound {
    /** Angles and cache of one layer. */
    private record Memory(FloatBuffer cos, FloatBuffer sin, HeadCache cache) {}

    private final List<Memory> memories = new ArrayList<>();
    private final int turning;
    private final float[] x = new float[config.hidden()];
    private final float[] z = new float[config.hidden()];
    private final float[] beside = new float[config.hidden()];
    private final float[] y = new float[config.hidden()];
    private final float[] q = new float[config.heads() * config.headDim()];
    private final float[] k = new float[config.keyValueHeads() * config.headDim()];
    private final float[] v = new float[k.length];
    private final float[] mixed = new float[q.length];
    private final Row input = new Row(x.length);
    private final Row query = new Row(q.length);
    private final Row joined = new Row(q.length);
    private final float[][] scores;
    private final float[] logits = new float[head.rows()];

    private Bound(List<Rotary> angles, KeyValueCache cache) {
      int capacity = Math.toIntExact(cache.keys(0).size(2));
      scores = new float[crew.count()][capacity];
      turning = Math.toIntExact(angles.get(0).cos().size(1));
      for (int i = 0; i < layers.size(); i++) {
        HeadCache heads =
            new HeadCache(
                cache.keys(i).memory(), cache.values(i).memory(), capacity, config.headDim());
        memories.add(new Memory(angles.get(i).cos().floats(), angles.get(i).sin().floats(), heads));
      }
    }

    /**
     * Logits [V] of what comes after a token, whose key and value go into the cache.
     *
     * @param embedding its, [d]
     * @param position where it stands
     * @param scratch for what {@code probe} is told
     */
    float[] logits(Scope scratch, float[] embedding, int position, FeedForwardProbe probe) {
      System.arraycopy(embedding, 0, x, 0, x.length);
      for (int i = 0; i < layers.size(); i++) {
        run(scratch, i, position, probe);
      }
      lastNorm.apply(x, z);
      input.take(z, 0, z.length);
      crew.run(part -> last(part.from(logits.length), part.to(logits.length)));
      return logits;
    }

    private void last(int from, int to) {
      head.apply(input, from, to, logits);
      for (int i = from; i < to && headBias.length > 0; i++) {
        logits[i] += headBias[i];
      }
      if (config.logitSoftCap() > 0) {
        Floats.softCap(logits, from, to, 1, (float) config.logitSoftCap());
      }
    }

    private void run(Scope scratch, int index, int position, FeedForwardProbe probe) {
      Layer layer = layers.get(index);
      if (config.residual() == Residual.PARALLEL) {
        layer.blockNorm().apply(x, beside);
      }
      layer.norm().apply(x, z);
      input.take(z, 0, z.length);
      crew.run(part -> project(layer, part));
      remember(layer, memories.get(index), position);
      crew.run(part -> look(layer, memories.get(index).cache(), position, part));
      crew.run(part -> layer.out().apply(joined, part.from(y.length), part.to(y.length), y));
      add(layer.after());

      float[] into = beside;
      if (config.residual() != Residual.PARALLEL) {
        layer.blockNorm().apply(x, z);
        into = z;
      }
      long start = System.nanoTime();
      input.take(into, 0, into.length);
      layer.block().apply(crew, room, into, input, y, routing(scratch, index, probe));
      probe.ran(index, System.nanoTime() - start);
      add(layer.blockAfter());
    }

    private RowBlock.Routing routing(Scope scratch, int index, FeedForwardProbe probe) {
      return probe == FeedForwardProbe.NONE
          ? (router, nanos) -> {}
          : (router, nanos) ->
              probe.routed(index, scratch.of(router.allGates(), 1, router.experts()), nanos);
    }

    /** x + norm(y). */
    private void add(RowNorm norm) {
      norm.apply(y, y);
      for (int i = 0; i < x.length; i++) {
        x[i] += y[i];
      }
    }

    private void project(Layer layer, Crew.Part part) {
      float[][] into = {q, k, v};
      for (int i = 0; i < into.length; i++) {
        RowLinear rows = layer.inward().get(i);
        rows.apply(input, part.from(rows.rows()), part.to(rows.rows()), into[i]);
      }
    }

    /** Norms and turns queries and keys, and puts keys and values down. */
    private void remember(Layer layer, Memory memory, int position) {
      if (!layer.headNorms().isEmpty()) {
        layer.headNorms().get(0).applyToHeads(q);
        layer.headNorms().get(1).applyToHeads(k);
      }
      turn(q, memory, position);
      turn(k, memory, position);
      for (int h = 0; h < config.keyValueHeads(); h++) {
        memory.cache().put(h, position, k, v, h * config.headDim());
      }
      query.take(q, 0, q.length);
    }

    private void turn(float[] heads, Memory memory, int position) {
      int half = turning / 2;
      int row = position * turning;
      for (int at = 0; at < heads.length; at += config.headDim()) {
        for (int i = 0; i < half; i++) {
          float low = heads[at + i];
          float high = heads[at + half + i];
          int of = row + i;
          heads[at + i] = low * memory.cos().get(of) + high * memory.sin().get(of);
          heads[at + half + i] =
              high * memory.cos().get(of + half) + low * memory.sin().get(of + half);
        }
      }
    }

    /** What a member's heads see of this position and those before it. */
    private void look(Layer layer, HeadCache cache, int position, Crew.Part part) {
      int first = layer.window() > 0 ? Math.max(0, position + 1 - layer.window()) : 0;
      int visible = position + 1 - first;
      int each = config.heads() / config.keyValueHeads();
      int width = config.headDim();
      float[] shares = scores[part.member()];
      int end = config.heads() * (part.member() + 1) / part.count();
      for (int h = config.heads() * part.member() / part.count(); h < end; h++) {
        cache.scores(h / each, first, visible, query, h * width, shares);
        scale(shares, visible);
        Floats.softmax(shares, visible);
        cache.mix(h / each, first, visible, shares, mixed, h * width);
        joined.take(mixed, h * width, (h + 1) * width);
      }
    }

    private void scale(float[] of, int count) {
      float scale = (float) config.attention().scale();
      if (config.attention().softCap() > 0) {
        Floats.softCap(of, 0, count, scale, (float) config.attention().softCap());
      } else {
        for (int i = 0; i < count; i++) {
          of[i] *= scale;
        }
      }
    }
  }
}
