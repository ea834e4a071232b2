package dev.cmoe.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.MadeTensor;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.Tensor;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A trained model in the own format: W + s·B·A in the type that W is stored in, routers, biases and
 * gate scales as trained. Made tensor by tensor when read, from parameters that stay where they
 * are, so it lives as long as the model in training. What training left as it was keeps its bytes.
 */
final class MergedModel implements TensorStore {
  private final TrainedModel model;
  private final TensorStore source;
  private final Map<String, ReadableTensor> made = new HashMap<>();
  private final boolean scaled;

  MergedModel(TrainedModel model) {
    this.model = model;
    this.source = model.decoder().tensors();
    this.scaled = gatesMoved();
    for (int i = 0; i < model.layers(); i++) {
      layer(i);
    }
  }

  /** Scales of 0 are the same as none, so a model without gets them only where one moved. */
  private boolean gatesMoved() {
    return model.parameters().of(TrainedKind.GATES).stream()
        .anyMatch(entry -> !isZero(entry.value().floats()));
  }

  private void layer(int index) {
    LayerNames names = new LayerNames(index);
    Map<String, Tensor> values = model.parameters().values(index);
    for (Projection projection :
        Projection.of(model.decoder().config(), model.decoder().moe().orElseThrow(), index)) {
      Tensor b = values.get(projection.stem() + ".b");
      if (b != null && !isZero(b.floats())) {
        merge(projection, values.get(projection.stem() + ".a"), b);
      }
    }
    replace(OwnLayout.router(names, "weight"), values.get("router.0"));
    replace(OwnLayout.router(names, "bias"), values.get("router.1"));
    String scale = OwnLayout.router(names, "gate_scale");
    Tensor trained = values.get("gate_scale");
    if (source.has(scale)) {
      replace(scale, trained);
    } else if (scaled) {
      put(TensorSpec.of(scale, DType.F32, trained.count()), trained::toFloats);
    }
    float[] bias = model.balance().bias(index);
    if (bias.length > 0) {
      put(source.tensor(OwnLayout.router(names, "selection_bias")).spec(), () -> bias);
    }
  }

  private static boolean isZero(FloatBuffer values) {
    while (values.hasRemaining()) {
      if (values.get() != 0) {
        return false;
      }
    }
    return true;
  }

  private void replace(String name, Tensor values) {
    if (values != null) {
      put(source.tensor(name).spec(), values::toFloats);
    }
  }

  private void put(TensorSpec spec, Supplier<float[]> values) {
    made.put(
        spec.name(),
        new MadeTensor(
            source.directory(),
            spec,
            1,
            piece -> HalfFloats.fromFloats(values.get(), spec.dtype())));
  }

  private void merge(Projection projection, Tensor a, Tensor b) {
    ReadableTensor stored = source.tensor(projection.tensor());
    int pieces = Math.max(1, projection.experts());
    made.put(
        projection.tensor(),
        new MadeTensor(
            source.directory(),
            stored.spec(),
            pieces,
            piece -> merged(projection, stored, a.floats(), b.floats(), piece)));
  }

  /** The weight, or that of expert {@code piece}, with its addition. */
  private ByteBuffer merged(
      Projection projection, ReadableTensor stored, FloatBuffer a, FloatBuffer b, int piece) {
    int rows = Math.toIntExact(projection.rows());
    int in = Math.toIntExact(projection.in());
    int rank = model.lora().rank();
    float scale = (float) model.lora().scale();
    float[] weight = new float[rows * in];
    ByteBuffer bytes = projection.experts() > 0 ? stored.rows(piece, 1) : stored.bytes();
    HalfFloats.toFloats(bytes, stored.dtype(), weight, 0, weight.length);
    float[] first = new float[rank * in];
    float[] second = new float[rows * rank];
    a.get(piece * first.length, first);
    b.get(piece * second.length, second);
    float[] row = new float[in];
    for (int i = 0; i < rows; i++) {
      Arrays.fill(row, 0);
      for (int r = 0; r < rank; r++) {
        float factor = second[i * rank + r];
        for (int j = 0; j < in; j++) {
          row[j] += factor * first[r * in + j];
        }
      }
      for (int j = 0; j < in; j++) {
        weight[i * in + j] += scale * row[j];
      }
    }
    return HalfFloats.fromFloats(weight, stored.dtype());
  }

  @Override
  public Path directory() {
    return source.directory();
  }

  @Override
  public Path source() {
    return source.source();
  }

  @Override
  public ObjectNode config() {
    ObjectNode config = source.config();
    if (scaled) {
      config.put("gate_type", "scaled");
    }
    return config;
  }

  @Override
  public SortedSet<String> names() {
    TreeSet<String> names = new TreeSet<>(source.names());
    names.addAll(made.keySet());
    return Collections.unmodifiableSortedSet(names);
  }

  @Override
  public boolean has(String name) {
    return made.containsKey(name) || source.has(name);
  }

  @Override
  public ReadableTensor tensor(String name) {
    ReadableTensor merged = made.get(name);
    return merged != null ? merged : source.tensor(name);
  }
}
