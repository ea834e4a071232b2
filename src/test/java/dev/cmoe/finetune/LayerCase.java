package dev.cmoe.finetune;

import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A layer of a few random float64 weights, and how the kernel of layers is called with it. */
final class LayerCase {
  static final int BATCH = 2;
  static final int TOKENS = 5;
  static final int HIDDEN = 8;
  static final int HEADS = 4;
  static final int SHARED_HEADS = 2;
  static final int HEAD_DIM = 4;
  static final int EXPERTS = 5;
  static final int WIDTH = 3;
  static final int ALWAYS = 6;
  static final int RANK = 2;

  /** What a layer may have. */
  enum Trait {
    LAYER_NORM,
    NO_INPUT_NORM,
    OUTPUT_NORMS,
    PARALLEL,
    BIASES,
    NORM_EACH_HEAD,
    NORM_ALL_HEADS,
    CAP,
    WINDOW,
    WIDE_WINDOW,
    PARTIAL_ROTARY,
    UNGATED,
    GELU,
    FUSED,
    NO_SHARED,
    NO_EXPERTS,
    CMOE_ROUTER,
    GATE_SCALE,
    STEER,
    ALL_EXPERTS,
    NOTHING_BEFORE_HEADS
  }

  private final Scope scope;
  private final List<Trait> traits;
  private long seed = 100;

  /** All that has gradients, by name. */
  final Map<String, Tensor> trained = new LinkedHashMap<>();

  final Tensor x;
  private final List<Object> frozen = new ArrayList<>();

  LayerCase(Scope scope, List<Trait> traits) {
    this.scope = scope;
    this.traits = traits;
    this.x = random(1, BATCH, TOKENS, HIDDEN);
    int experts = has(Trait.NO_EXPERTS) ? 0 : EXPERTS;
    int each = has(Trait.UNGATED) ? 1 : 2;
    int query = HEADS * HEAD_DIM;
    int keys = SHARED_HEADS * HEAD_DIM;
    List<Tensor> inputNorm = has(Trait.NO_INPUT_NORM) ? List.of() : norm();
    frozen.add(inputNorm);
    frozen.add(
        List.of(
            random(0.4, query, HIDDEN),
            random(0.4, keys, HIDDEN),
            random(0.4, keys, HIDDEN),
            random(0.4, HIDDEN, query)));
    frozen.add(
        has(Trait.BIASES)
            ? List.of(random(0.3, query), random(0.3, keys), random(0.3, keys), random(0.3, HIDDEN))
            : List.of());
    frozen.add(
        has(Trait.NORM_EACH_HEAD)
            ? List.of(random(1, HEAD_DIM), random(1, HEAD_DIM))
            : has(Trait.NORM_ALL_HEADS) ? List.of(random(1, query), random(1, keys)) : List.of());
    frozen.add(has(Trait.OUTPUT_NORMS) ? norm() : List.of());
    int turned = has(Trait.PARTIAL_ROTARY) ? 2 : HEAD_DIM;
    frozen.add(random(1, TOKENS, turned));
    frozen.add(random(1, TOKENS, turned));
    frozen.add(has(Trait.PARALLEL) ? inputNorm : has(Trait.NO_INPUT_NORM) ? List.of() : norm());
    frozen.add(has(Trait.OUTPUT_NORMS) ? norm() : List.of());
    block(experts, each);
    frozen.add(1e-5);
    frozen.add(HEADS);
    frozen.add(SHARED_HEADS);
    frozen.add(0.5);
    frozen.add(has(Trait.CAP) ? 3. : 0.);
    frozen.add(has(Trait.WINDOW) ? 3 : has(Trait.WIDE_WINDOW) ? TOKENS : 0);
    frozen.add(has(Trait.PARALLEL));
    frozen.add(!has(Trait.CMOE_ROUTER));
    frozen.add(has(Trait.GELU) ? 2 : 0);
    frozen.add(has(Trait.ALL_EXPERTS) ? EXPERTS : 2);
    frozen.add(GradientEngine.FLOAT64);
    adapters(experts, each, query, keys);
  }

  private void block(int experts, int each) {
    boolean shared = !has(Trait.NO_SHARED);
    List<Tensor> matrices = new ArrayList<>();
    List<Tensor> biases = new ArrayList<>();
    for (int i = 0; i < each && shared; i++) {
      matrices.add(random(0.5, ALWAYS, HIDDEN));
      biases.add(random(0.3, ALWAYS));
    }
    boolean biased = has(Trait.BIASES);
    frozen.add(matrices);
    frozen.add(shared ? List.of(random(0.5, HIDDEN, ALWAYS)) : List.of());
    frozen.add(biased ? biases : List.of());
    frozen.add(experts > 0 ? List.of(random(0.5, experts, each * WIDTH, HIDDEN)) : List.of());
    frozen.add(experts > 0 ? List.of(random(0.5, experts, HIDDEN, WIDTH)) : List.of());
    frozen.add(biased && experts > 0 ? List.of(random(0.3, experts, each * WIDTH)) : List.of());
    frozen.add(biased ? List.of(random(0.3, HIDDEN)) : List.of());
    frozen.add(experts > 0 ? List.of(random(0.05, experts)) : List.of());
  }

  private void adapters(int experts, int each, int query, int keys) {
    if (has(Trait.FUSED)) {
      pair("qkv", query + 2 * keys, HIDDEN);
    } else if (!has(Trait.NOTHING_BEFORE_HEADS)) {
      pair("q", query, HIDDEN);
      pair("k", keys, HIDDEN);
      pair("v", keys, HIDDEN);
    }
    pair("o", HIDDEN, query);
    if (!has(Trait.NO_SHARED)) {
      for (int i = 0; i < each; i++) {
        pair("shared." + i, ALWAYS, HIDDEN);
      }
      pair("shared.down", HIDDEN, ALWAYS);
    }
    if (experts == 0) {
      return;
    }
    trained.put("experts.in.a", random(0.5, experts, RANK, HIDDEN));
    trained.put("experts.in.b", random(0.5, experts, each * WIDTH, RANK));
    trained.put("experts.down.a", random(0.5, experts, RANK, WIDTH));
    trained.put("experts.down.b", random(0.5, experts, HIDDEN, RANK));
    trained.put("router.0", random(0.7, experts, HIDDEN));
    if (!has(Trait.CMOE_ROUTER)) {
      trained.put("router.1", random(0.3, experts));
    } else if (each > 1) {
      trained.put("router.1", random(0.7, experts, HIDDEN));
    }
    if (has(Trait.GATE_SCALE)) {
      trained.put("gate_scale", random(0.8, experts));
    }
  }

  private void pair(String name, long rows, long in) {
    trained.put(name + ".a", random(0.5, RANK, in));
    trained.put(name + ".b", random(0.5, rows, RANK));
  }

  private List<Tensor> norm() {
    return has(Trait.LAYER_NORM)
        ? List.of(random(1, HIDDEN), random(0.3, HIDDEN))
        : List.of(random(1, HIDDEN));
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /** The frozen argument {@code i} of those after the scale of low-rank additions. */
  @SuppressWarnings("unchecked")
  List<Tensor> frozen(int i) {
    return (List<Tensor>) frozen.get(i);
  }

  /** Angles, [T,R] each. */
  List<Tensor> rotary() {
    return List.of((Tensor) frozen.get(5), (Tensor) frozen.get(6));
  }

  Tensor random(double scale, long... shape) {
    return GradientEngine.random(scope, seed++, scale, shape);
  }

  /** Output [B,T,d] and counts [E]. */
  Tensor[] forward(Scope into, Tensor input, Map<String, Tensor> own, boolean steer, double drop) {
    List<Object> arguments = new ArrayList<>(List.of(input, own, steer, drop, 2.));
    arguments.addAll(frozen);
    return GradientEngine.get()
        .kernel(TrainedLayer.class, "layer")
        .callAll(into, "forward", arguments.toArray());
  }

  Tensor forward(Scope into, Tensor input, Map<String, Tensor> own) {
    return forward(into, input, own, false, 0)[0];
  }

  /** Gradients at x and at each of {@link #trained}. */
  Tensor[] backward(Scope into, Tensor gradient, double drop) {
    return backward(into, gradient, drop, true);
  }

  /** The same, that at x only where {@code atInput}. */
  Tensor[] backward(Scope into, Tensor gradient, double drop, boolean atInput) {
    List<Object> arguments =
        new ArrayList<>(
            List.of(gradient, trained, Map.of(), x, atInput, has(Trait.STEER), drop, 2.));
    arguments.addAll(frozen);
    return GradientEngine.get()
        .kernel(TrainedLayer.class, "layer")
        .differentiate(into, "backward", arguments.toArray());
  }
}
