package dev.cmoe.nn;

import dev.cmoe.arch.Activation;
import dev.cmoe.engine.Tensor;
import dev.cmoe.vector.Bfloat16;
import dev.cmoe.vector.Crew;
import dev.cmoe.vector.Floats;
import dev.cmoe.vector.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A {@link Mixture} for one row in Java: an expert that always runs, or none, and chosen ones. */
final class RowBlock {
  /** Told of each time the router chose; see {@link FeedForward.Routing}. */
  @FunctionalInterface
  interface Routing {
    void chosen(RowRouter router, long nanos);
  }

  /** gate is null where there is none. */
  private record Expert(RowLinear gate, RowLinear up, RowLinear down) {
    int width() {
      return down.width();
    }

    /** Of a gate and an up matrix, or of up alone; biases of each, or none. */
    static Expert of(List<RowLinear> inward, List<float[]> biases, RowLinear down) {
      List<RowLinear> biased =
          IntStream.range(0, inward.size())
              .mapToObj(
                  i -> biases.isEmpty() ? inward.get(i) : inward.get(i).plus(biases.get(i), 0))
              .toList();
      return biased.size() == 1
          ? new Expert(null, biased.get(0), down)
          : new Expert(biased.get(0), biased.get(1), down);
    }
  }

  /** Room for what is computed on the way, which the blocks of all layers share. */
  static final class Room {
    private final List<Expert> running = new ArrayList<>();
    private final float[] share;
    private final float[][] gate;
    private final float[][] up;
    private final Row[] hidden;
    private final float[] out;

    private Room(int[] neurons, int width) {
      share = new float[neurons.length];
      gate = Arrays.stream(neurons).mapToObj(float[]::new).toArray(float[][]::new);
      up = Arrays.stream(neurons).mapToObj(float[]::new).toArray(float[][]::new);
      hidden = Arrays.stream(neurons).mapToObj(Row::new).toArray(Row[]::new);
      out = new float[width];
    }
  }

  private final Activation activation;
  private final List<Expert> always;
  private final List<Expert> experts;
  private final RowRouter router;
  private final float[] bias;

  private RowBlock(
      Activation activation,
      List<Expert> always,
      List<Expert> experts,
      RowRouter router,
      float[] bias) {
    this.activation = activation;
    this.always = always;
    this.experts = experts;
    this.router = router;
    this.bias = bias;
  }

  /** Room for these blocks of rows of {@code width} values. */
  static Room roomFor(List<RowBlock> blocks, int width) {
    int[] neurons =
        new int[blocks.stream().mapToInt(block -> block.widths().length).max().orElse(0)];
    for (RowBlock block : blocks) {
      int[] widths = block.widths();
      Arrays.setAll(neurons, i -> i < widths.length ? Math.max(neurons[i], widths[i]) : neurons[i]);
    }
    return new Room(neurons, width);
  }

  /** Neurons of those that run at once, in their order. */
  private int[] widths() {
    int chosen = experts.stream().mapToInt(Expert::width).max().orElse(0);
    return IntStream.concat(
            always.stream().mapToInt(Expert::width),
            IntStream.generate(() -> chosen).limit(router.active()))
        .toArray();
  }

  /** In Java what {@code mixture} is; its memory stays in use. */
  static RowBlock of(Mixture mixture, Activation activation) {
    Mixture.Routes routes = mixture.routes();
    Mixture.Experts all = mixture.experts();
    List<Expert> always = new ArrayList<>();
    if (!all.shared().isEmpty()) {
      RowLinear down = RowLinear.of(all.sharedDown().get(0));
      always.add(Expert.of(matrices(all.shared(), down), floats(all.sharedBias()), down));
    }
    int count = routes.experts();
    List<float[]> expertBias = floats(all.expertBias());
    List<Expert> experts =
        IntStream.range(0, count).mapToObj(e -> chosen(all, expertBias, e, count)).toList();
    float[] bias = all.downBias().isEmpty() ? null : all.downBias().get(0).toWidened();
    RowRouter router = new RowRouter(routes, activation);
    return new RowBlock(activation, always, experts, router, bias);
  }

  /** Expert {@code e} of {@code count}, which lie in one tensor or in one for each. */
  private static Expert chosen(Mixture.Experts all, List<float[]> bias, int e, int count) {
    RowLinear down =
        all.down().size() == 1
            ? RowLinear.of(all.down().get(0), e)
            : RowLinear.of(all.down().get(e));
    if (all.inward().size() > 1) {
      int each = all.inward().size() / count;
      List<Tensor> inward = all.inward().subList(e * each, (e + 1) * each);
      return Expert.of(matrices(inward, down), List.of(), down);
    }
    RowLinear both = RowLinear.of(all.inward().get(0), e);
    RowLinear biased = bias.isEmpty() ? both : both.plus(bias.get(0), e * both.rows());
    return Expert.of(parts(biased, down), List.of(), down);
  }

  private static List<RowLinear> matrices(List<Tensor> inward, RowLinear down) {
    return inward.size() == 1
        ? parts(RowLinear.of(inward.get(0)), down)
        : inward.stream().map(RowLinear::of).toList();
  }

  /** Gate and up where one matrix holds both. */
  private static List<RowLinear> parts(RowLinear inward, RowLinear down) {
    int neurons = down.width();
    return inward.rows() > neurons
        ? List.of(inward.part(0, neurons), inward.part(neurons, neurons))
        : List.of(inward);
  }

  private static List<float[]> floats(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::toWidened).toList();
  }

  /** y [d] for the normed input z [d], of which x is the rounded form. */
  void apply(Crew crew, Room room, float[] z, Row x, float[] y, Routing routing) {
    long start = System.nanoTime();
    router.choose(z);
    if (router.experts() > 0) {
      routing.chosen(router, System.nanoTime() - start);
    }
    room.running.clear();
    room.running.addAll(always);
    Arrays.fill(room.share, 0, always.size(), 1);
    for (int i = 0; i < router.active(); i++) {
      room.share[always.size() + i] = router.gate(i);
      room.running.add(experts.get(router.chosen(i)));
    }
    crew.run(part -> inward(room, x, part));
    crew.run(part -> outward(room, y, part));
  }

  /** Gate and up of the same neurons are one member's, which so needs no other's results. */
  private void inward(Room room, Row x, Crew.Part part) {
    for (int i = 0; i < room.running.size(); i++) {
      Expert expert = room.running.get(i);
      int from = part.from(expert.width());
      int to = part.to(expert.width());
      float[] h = room.up[i];
      expert.up().apply(x, from, to, h);
      if (expert.gate() == null) {
        activate(activation, h, from, to);
      } else {
        float[] g = room.gate[i];
        expert.gate().apply(x, from, to, g);
        activate(activation, g, from, to);
        for (int j = from; j < to; j++) {
          h[j] *= Bfloat16.rounded(g[j]);
        }
      }
      room.hidden[i].take(h, from, to);
    }
  }

  private void outward(Room room, float[] y, Crew.Part part) {
    int from = part.from(y.length);
    int to = part.to(y.length);
    for (int j = from; j < to; j++) {
      y[j] = bias == null ? 0 : bias[j];
    }
    for (int i = 0; i < room.running.size(); i++) {
      room.running.get(i).down().apply(room.hidden[i], from, to, room.out);
      for (int j = from; j < to; j++) {
        y[j] += room.share[i] * room.out[j];
      }
    }
  }

  /** Values {@code from} to {@code to - 1}, in place. */
  static void activate(Activation activation, float[] x, int from, int to) {
    switch (activation) {
      case SILU -> Floats.silu(x, from, to);
      case GELU -> Floats.gelu(x, from, to);
      case GELU_TANH -> Floats.geluTanh(x, from, to);
    }
  }
}
