package dev.cmoe.nn;

import dev.cmoe.arch.TensorPart;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.MappedFiles;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.safetensors.DType;
import java.util.List;

/** A checkpoint's weights as tensors, each checked for its shape and read when asked for. */
public final class Weights implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final ComputeType type;
  private final MappedFiles files;

  Weights(Engine engine, Checkpoint checkpoint, ComputeType type) {
    this.checkpoint = checkpoint;
    this.type = type;
    this.files = new MappedFiles(engine);
  }

  /** The compute type in which {@link #load} returns weights. */
  public ComputeType type() {
    return type;
  }

  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The tensor in the compute type. */
  public Tensor load(Scope into, String name, long... shape) {
    return load(into, checkpoint.tensor(name, shape), type);
  }

  /** The weight at {@code part} in the compute type. */
  public Tensor load(Scope into, TensorPart part) {
    return load(into, checkpoint.tensor(part), type);
  }

  /** The weights at {@code parts} in the compute type. */
  public List<Tensor> load(Scope into, List<TensorPart> parts) {
    return parts.stream().map(part -> load(into, part)).toList();
  }

  /**
   * Matrices of equal width as one, where one lies right behind the other in a file: a single
   * product then serves all of them. Otherwise each by itself.
   */
  List<Tensor> stacked(Scope into, List<StoredTensor> tensors) {
    if (tensors.size() > 1 && contiguous(tensors)) {
      long rows = tensors.stream().mapToLong(tensor -> tensor.shape().get(0)).sum();
      StoredTensor first = tensors.get(0);
      return List.of(load(into, first, type, rows, first.shape().get(1)));
    }
    return tensors.stream().map(tensor -> load(into, tensor, type)).toList();
  }

  /** The same, of the weights at {@code parts}. */
  List<Tensor> stackedParts(Scope into, List<TensorPart> parts) {
    return stacked(into, parts.stream().map(checkpoint::tensor).toList());
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
    return load(into, checkpoint.tensor(part), ComputeType.FLOAT32);
  }

  /**
   * The weight at {@code part} in the type it is stored in, without a copy where it can be mapped:
   * tables too large to convert whole.
   */
  public Tensor loadStored(Scope into, TensorPart part) {
    return load(into, checkpoint.tensor(part), null);
  }

  /** The tensor in float32, whatever the compute type: norms, routers. */
  public Tensor loadFloat(Scope into, String name, long... shape) {
    return load(into, checkpoint.tensor(name, shape), ComputeType.FLOAT32);
  }

  private Tensor load(Scope into, StoredTensor tensor, ComputeType wanted) {
    return load(into, tensor, wanted, tensor.shape().stream().mapToLong(Long::longValue).toArray());
  }

  private Tensor load(Scope into, StoredTensor tensor, ComputeType wanted, long... shape) {
    MappedFiles.StoredType stored = storedType(tensor.dtype());
    if (MappedFiles.canMap(stored, tensor.fileOffset())) {
      return files.load(into, tensor.path(), stored, tensor.fileOffset(), shape, wanted);
    }
    // A header of odd length leaves values where libtorch cannot map them.
    float[] values = HalfFloats.toFloats(tensor);
    try (Scope scratch = into.child()) {
      Tensor placed = files.place(scratch, scratch.of(values, shape), wanted);
      return into.keep(placed);
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
