package dev.cmoe.finetune;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * All trained tensors of a model: float32 values, the gradient of the step in hand and Adam's two
 * moments.
 */
final class Parameters implements AutoCloseable {
  /** One parameter's four tensors, all of its shape. */
  record Entry(Parameter parameter, Tensor value, Tensor gradient, Tensor first, Tensor second) {}

  private final Scope scope;
  private final Kernel kernel;
  private final List<Entry> entries = new ArrayList<>();
  private final List<Map<String, Tensor>> values = new ArrayList<>();
  private final List<List<Tensor>> gradients = new ArrayList<>();
  private final Map<TrainedKind, List<Entry>> byKind = new EnumMap<>(TrainedKind.class);

  private Parameters(Engine engine, int layers) {
    this.scope = engine.scope();
    this.kernel = engine.kernel(Parameters.class, "optimizer");
    for (int i = 0; i < layers; i++) {
      values.add(new LinkedHashMap<>());
      gradients.add(new ArrayList<>());
    }
  }

  /** The parameters of {@code plan} as they are before training. */
  static Parameters begin(Decoder model, List<Parameter> plan, long seed) {
    Parameters all = new Parameters(model.engine(), model.config().layers());
    for (Parameter parameter : plan) {
      all.add(parameter, all.start(model, parameter, seed));
    }
    return all;
  }

  private Tensor start(Decoder model, Parameter parameter, long seed) {
    long[] shape = parameter.dimensions();
    if (parameter.start() instanceof Parameter.Stored stored) {
      try (Scope scratch = scope.child()) {
        Tensor read = model.weights().loadFloat(scratch, stored.tensor(), shape);
        // What is stored in float32 shares the mapped file, which must not change.
        return scope.keep(kernel.call(scratch, "copy", read));
      }
    }
    if (parameter.start() instanceof Parameter.Uniform uniform) {
      double bound = 1 / Math.sqrt(uniform.inputs());
      SplittableRandom random = Streams.of(seed, parameter.name(), parameter.layer());
      float[] drawn = new float[Math.toIntExact(parameter.elements())];
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] = (float) ((2 * random.nextDouble() - 1) * bound);
      }
      try (Scope scratch = scope.child()) {
        // Memory of Java's begins anywhere, and by where it begins products round otherwise.
        return scope.keep(kernel.call(scratch, "copy", scratch.of(drawn, shape)));
      }
    }
    return scope.zeros(shape);
  }

  private void add(Parameter parameter, Tensor value) {
    long[] shape = parameter.dimensions();
    Entry entry =
        new Entry(parameter, value, scope.zeros(shape), scope.zeros(shape), scope.zeros(shape));
    entries.add(entry);
    values.get(parameter.layer()).put(parameter.name(), value);
    gradients.get(parameter.layer()).add(entry.gradient());
    byKind.computeIfAbsent(parameter.kind(), kind -> new ArrayList<>()).add(entry);
  }

  List<Entry> entries() {
    return entries;
  }

  /** The parameters of a kind; often none. */
  List<Entry> of(TrainedKind kind) {
    return byKind.getOrDefault(kind, List.of());
  }

  /** Values of a layer by the names that the kernel of layers knows, in the order of gradients. */
  Map<String, Tensor> values(int layer) {
    return values.get(layer);
  }

  /** Adds to the gradients of a layer. */
  void gather(Scope scratch, int layer, List<Tensor> more) {
    if (!more.isEmpty()) {
      kernel.apply(scratch, "gather", gradients.get(layer), more);
    }
  }

  /** Overwrites one of the tensors of an entry. */
  void set(Tensor tensor, float[] values) {
    try (Scope scratch = scope.child()) {
      kernel.apply(scratch, "set", tensor, scratch.of(values, tensor.shape()));
    }
  }

  void clearGradients() {
    kernel.apply(scope, "clear", entries.stream().map(Entry::gradient).toList());
  }

  @Override
  public void close() {
    scope.close();
  }
}
