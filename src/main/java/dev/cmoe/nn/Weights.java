package dev.cmoe.nn;

import dev.cmoe.arch.TensorPart;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.JoinedTensor;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.MappedFiles;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.safetensors.DType;
import java.util.List;

/**
 * A checkpoint's weights as tensors, each checked for its shape and read when asked for. What lies
 * in a file as it is wanted is not copied; what a view makes of stored weights is.
 */
public final class Weights implements AutoCloseable {
  private final TensorStore tensors;
  private final ComputeType type;
  private final MappedFiles files;

  Weights(Engine engine, TensorStore tensors, ComputeType type) {
    this.tensors = tensors;
    this.type = type;
    this.files = new MappedFiles(engine);
  }

  /** The compute type in which {@link #load} returns weights. */
  public ComputeType type() {
    return type;
  }

  /** Where they come from. */
  public TensorStore tensors() {
    return tensors;
  }

  /** The tensor in the compute type. */
  public Tensor load(Scope into, String name, long... shape) {
    return load(into, tensors.tensor(name, shape), type);
  }

  /** The weight at {@code part} in the compute type. */
  public Tensor load(Scope into, TensorPart part) {
    return load(into, tensors.tensor(part), type);
  }

  /** The weights at {@code parts} in the compute type. */
  public List<Tensor> load(Scope into, List<TensorPart> parts) {
    return parts.stream().map(part -> load(into, part)).toList();
  }

  /**
   * Matrices of equal width as one, where one lies right behind the other in a file: a single
   * product then serves all of them. Otherwise each by itself.
   */
  List<Tensor> stacked(Scope into, List<? extends ReadableTensor> matrices) {
    List<StoredTensor> stored =
        matrices.stream()
            .filter(StoredTensor.class::isInstance)
            .map(StoredTensor.class::cast)
            .toList();
    if (matrices.size() > 1 && stored.size() == matrices.size() && contiguous(stored)) {
      long rows = stored.stream().mapToLong(matrix -> matrix.shape().get(0)).sum();
      StoredTensor first = stored.get(0);
      return List.of(load(into, first, type, rows, first.shape().get(1)));
    }
    return matrices.stream().map(matrix -> load(into, matrix, type)).toList();
  }

  /** The same, of the weights at {@code parts}. */
  List<Tensor> stackedParts(Scope into, List<TensorPart> parts) {
    return stacked(into, parts.stream().map(tensors::tensor).toList());
  }

  private static boolean contiguous(List<StoredTensor> tensors) {
    StoredTensor first = tensors.get(0);
    long next = first.fileOffset();
    for (StoredTensor tensor : tensors) {
      if (!tensor.path().equals(first.path())
          || tensor.fileOffset() != next
          || tensor.dtype() != first.dtype()
          || !tensor.shape().get(1).equals(first.shape().get(1))) {
        return false;
      }
      next += tensor.info().bytes();
    }
    return MappedFiles.canMap(storedType(first.dtype()), first.fileOffset());
  }

  /** The weight at {@code part} in float32. */
  public Tensor loadFloat(Scope into, TensorPart part) {
    return load(into, tensors.tensor(part), ComputeType.FLOAT32);
  }

  /**
   * The weight at {@code part} in the type it is stored in, without a copy where it can be mapped:
   * tables too large to convert whole.
   */
  public Tensor loadStored(Scope into, TensorPart part) {
    return load(into, tensors.tensor(part), null);
  }

  /** The tensor in float32, whatever the compute type: norms, routers. */
  public Tensor loadFloat(Scope into, String name, long... shape) {
    return load(into, tensors.tensor(name, shape), ComputeType.FLOAT32);
  }

  private Tensor load(Scope into, ReadableTensor tensor, ComputeType wanted) {
    long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
    if (tensor instanceof StoredTensor stored) {
      return load(into, stored, wanted, shape);
    }
    if (tensor instanceof JoinedTensor joined) {
      return load(into, joined, wanted, shape);
    }
    return converted(into, tensor, wanted, shape);
  }

  private Tensor load(Scope into, JoinedTensor tensor, ComputeType wanted, long... shape) {
    if (tensor.isWhole()) {
      return load(into, tensor.pieces().get(0), wanted, shape);
    }
    try (Scope scratch = into.child()) {
      List<Tensor> pieces =
          tensor.pieces().stream().map(piece -> load(scratch, piece, null)).toList();
      MappedFiles.StoredType stored = storedType(tensor.dtype());
      return files.joined(into, pieces, stored, tensor.firstColumn(), shape, wanted);
    }
  }

  private Tensor load(Scope into, StoredTensor tensor, ComputeType wanted, long... shape) {
    MappedFiles.StoredType stored = storedType(tensor.dtype());
    if (MappedFiles.canMap(stored, tensor.fileOffset())) {
      return files.load(into, tensor.path(), stored, tensor.fileOffset(), shape, wanted);
    }
    // A header of odd length leaves values where libtorch cannot map them.
    return converted(into, tensor, wanted, shape);
  }

  private Tensor converted(Scope into, ReadableTensor tensor, ComputeType wanted, long... shape) {
    float[] values = HalfFloats.toFloats(tensor);
    long columns = shape.length == 0 ? 1 : shape[shape.length - 1];
    try (Scope scratch = into.child()) {
      Tensor matrix = scratch.of(values, values.length / columns, columns);
      // A copy: memory of Java's begins anywhere, and by where it begins products round otherwise.
      return files.joined(into, List.of(matrix), MappedFiles.StoredType.FLOAT32, 0, shape, wanted);
    }
  }

  /** How {@code type} is stored; for the types that weights can have. */
  public static MappedFiles.StoredType storedType(DType type) {
    return switch (type) {
      case F32 -> MappedFiles.StoredType.FLOAT32;
      case F16 -> MappedFiles.StoredType.FLOAT16;
      case BF16 -> MappedFiles.StoredType.BFLOAT16;
      default -> throw new IllegalArgumentException("weights of type " + type);
    };
  }

  @Override
  public void close() {
    files.close();
  }
}
