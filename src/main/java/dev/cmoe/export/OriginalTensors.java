package dev.cmoe.export;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.DecoderLayout;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.JoinedTensor;
import dev.cmoe.checkpoint.MadeTensor;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * The tensors of the own format as they lie in a directory in a native one: the way back of {@link
 * TensorList}. Nothing is read before it is asked for.
 */
final class OriginalTensors {
  private final Checkpoint written;
  private final ModelOutline outline;
  private final SortedMap<String, ReadableTensor> tensors = new TreeMap<>();

  /**
   * @param written has the tensors of its architecture in their shapes
   * @param config of the dense decoder that was carved
   */
  OriginalTensors(Checkpoint written, DecoderConfig config, MoeShape shape) {
    this.written = written;
    // Biases are what is to be found out; they are asked of nobody here.
    this.outline =
        new ModelOutline(config, shape, false, written.tensor(LayerNames.EMBEDDING).dtype());
    kept();
  }

  ModelOutline outline() {
    return outline;
  }

  MoeShape shape() {
    return outline.shape();
  }

  int layers() {
    return outline.config().layers();
  }

  SortedMap<String, ReadableTensor> tensors() {
    return tensors;
  }

  StoredTensor written(String name) {
    return written.tensor(name);
  }

  /** Rows of a stored tensor as a matrix: those of its last dimension. */
  StoredTensor rows(String name, long first, long count) {
    return written.tensor(name).matrix(first, count);
  }

  /** Everything but feed-forward blocks. Native formats store apart what some families fuse. */
  private void kept() {
    DecoderLayout own = outline.config().layout();
    DecoderLayout apart = outline.config().storedApart().layout();
    keep(List.of(own.embedding()), List.of(apart.embedding()));
    for (int i = 0; i < layers(); i++) {
      keep(own.layer(i).kept(), apart.layer(i).kept());
    }
    // Without the head where it is tied: the last in both lists.
    keep(own.end(), apart.end().subList(0, own.end().size()));
  }

  /** Weights in the same order as the own format and as native ones store them. */
  private void keep(List<TensorPart> own, List<TensorPart> apart) {
    Map<String, List<StoredTensor>> pieces = new LinkedHashMap<>();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (int i = 0; i < own.size(); i++) {
      pieces
          .computeIfAbsent(own.get(i).name(), name -> new ArrayList<>())
          .add(written.tensor(apart.get(i)));
      shapes.put(own.get(i).name(), own.get(i).storedDimensions());
    }
    pieces.forEach(
        (name, parts) ->
            tensors.put(
                name,
                parts.size() == 1
                    ? parts.get(0)
                    : JoinedTensor.of(name, parts, 0, shapes.get(name))));
  }

  /** A linear router [E,d] that is stored times {@code factor}, a power of two, and its biases. */
  void router(int layer, String weight, float factor, String bias, float biasFactor) {
    router(layer, weight, factor);
    vector(router(layer, "bias"), times(bias, 1 / biasFactor, shape().experts()));
  }

  /** The same without biases. */
  void router(int layer, String weight, float factor) {
    int experts = shape().experts();
    int hidden = outline.config().hidden();
    TensorSpec spec = TensorSpec.of(router(layer, "weight"), DType.F32, experts, hidden);
    put(
        new MadeTensor(
            written.directory(),
            spec,
            1,
            all -> HalfFloats.fromFloats(times(weight, 1 / factor, experts * hidden), DType.F32)));
    vector(router(layer, "bias"), new float[experts]);
    // A native format has one bias for the choice; it is taken for the router's own.
    vector(router(layer, "selection_bias"), new float[experts]);
  }

  private static String router(int layer, String part) {
    return OwnLayout.router(new LayerNames(layer), part);
  }

  /** The first {@code count} values of a stored tensor, times {@code factor}. */
  private float[] times(String name, float factor, int count) {
    float[] stored = HalfFloats.toFloats(written.tensor(name));
    return Floats.times(Arrays.copyOf(stored, count), factor);
  }

  private void vector(String name, float[] values) {
    put(
        new MadeTensor(
            written.directory(),
            TensorSpec.of(name, DType.F32, values.length),
            1,
            all -> HalfFloats.fromFloats(values, DType.F32)));
  }

  /**
   * Routed experts that are stored one by one, their neurons the first in matrices that may be
   * wider.
   *
   * @param name of an expert's {@code gate_proj}, {@code up_proj} or {@code down_proj}
   * @param factor that down-projections are stored times
   */
  void experts(int layer, BiFunction<Integer, String, String> name, int factor) {
    List<StoredTensor> pairs = new ArrayList<>();
    List<StoredTensor> downs = new ArrayList<>();
    for (int e = 0; e < shape().experts(); e++) {
      pairs.add(rows(name.apply(e, "gate_proj"), 0, shape().expertWidth()));
      pairs.add(rows(name.apply(e, "up_proj"), 0, shape().expertWidth()));
      downs.add(written(name.apply(e, "down_proj")));
    }
    pairs(layer, pairs);
    downs(layer, downs, factor);
  }

  /**
   * The routed experts' gate and up projections.
   *
   * @param matrices [m,d]: an expert's gate, then its up projection, then the next expert's
   */
  void pairs(int layer, List<StoredTensor> matrices) {
    long hidden = outline.config().hidden();
    String name = OwnLayout.experts(new LayerNames(layer), "gate_up_proj");
    put(JoinedTensor.of(name, matrices, 0, shape().experts(), 2L * shape().expertWidth(), hidden));
  }

  /**
   * The routed experts' down-projections, in the first columns of matrices [d,w].
   *
   * @param factor that they are stored times
   */
  void downs(int layer, List<StoredTensor> matrices, int factor) {
    int hidden = outline.config().hidden();
    int width = shape().expertWidth();
    String name = OwnLayout.experts(new LayerNames(layer), "down_proj");
    if (factor == 1) {
      put(JoinedTensor.of(name, matrices, 0, shape().experts(), hidden, width));
      return;
    }
    DType type = matrices.get(0).dtype();
    put(
        new MadeTensor(
            written.directory(),
            TensorSpec.of(name, type, shape().experts(), hidden, width),
            shape().experts(),
            expert ->
                WeightMatrix.of(matrices.get(expert)).narrowed(0, width).over(factor).bytes()));
  }

  /** The shared expert's gate_proj or up_proj: the first of {@code rows} [w,d]. */
  void shared(int layer, String projection, StoredTensor rows) {
    if (shape().sharedWidth() > 0) {
      long width = shape().sharedWidth();
      put(
          JoinedTensor.of(
              shared(layer, projection),
              List.of(rows.matrix(0, width)),
              0,
              width,
              outline.config().hidden()));
    }
  }

  /**
   * The shared expert's down-projection: columns of {@code matrix} [d,w].
   *
   * @param factor that it is stored times
   */
  void sharedDown(int layer, StoredTensor matrix, int firstColumn, int factor) {
    int width = shape().sharedWidth();
    int hidden = outline.config().hidden();
    String name = shared(layer, "down_proj");
    if (width == 0) {
      return;
    }
    if (factor == 1) {
      put(JoinedTensor.of(name, List.of(matrix), firstColumn, hidden, width));
      return;
    }
    put(
        new MadeTensor(
            written.directory(),
            TensorSpec.of(name, matrix.dtype(), hidden, width),
            1,
            all -> WeightMatrix.of(matrix).narrowed(firstColumn, width).over(factor).bytes()));
  }

  private static String shared(int layer, String projection) {
    return OwnLayout.shared(new LayerNames(layer), projection, "weight");
  }

  private void put(ReadableTensor tensor) {
    tensors.put(tensor.name(), tensor);
  }
}
