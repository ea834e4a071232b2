package dev.cmoe.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Weight files mapped into libtorch, each once. A tensor loaded from here in its stored type shares
 * the mapping; in another type or on another device it is a copy in the caller's scope.
 */
public final class MappedFiles implements AutoCloseable {
  /** Element types that weights are stored in. */
  public enum StoredType {
    FLOAT32(6, 4),
    FLOAT16(5, 2),
    BFLOAT16(15, 2);

    private final int scalarType;
    private final int bytes;

    StoredType(int scalarType, int bytes) {
      this.scalarType = scalarType;
      this.bytes = bytes;
    }

    /** The number by which the serialised TorchScript dialect names this type. */
    public int scalarType() {
      return scalarType;
    }
  }

  private record Key(Path file, StoredType type) {}

  private final Engine engine;
  private final Kernel kernel;
  private final Scope scope;
  private final Map<Key, Tensor> files = new HashMap<>();

  public MappedFiles(Engine engine) {
    this.engine = engine;
    this.kernel = engine.kernel(MappedFiles.class, "mapped");
    this.scope = engine.cpuScope();
  }

  /**
   * Whether values of {@code type} at byte {@code offset} of a file can be mapped; they must be
   * aligned to their size.
   */
  public static boolean canMap(StoredType type, long offset) {
    return offset % type.bytes == 0;
  }

  /**
   * The values of type {@code stored} at byte {@code offset} of {@code file}, on the engine's
   * device, in type {@code type} or, when that is null, as stored.
   */
  public Tensor load(
      Scope into, Path file, StoredType stored, long offset, long[] shape, ComputeType type) {
    Tensor whole = files.computeIfAbsent(new Key(file, stored), this::map);
    return kernel.call(
        into,
        "load",
        whole,
        offset / stored.bytes,
        new Longs(shape),
        type == null ? stored.scalarType : type.scalarType(),
        engine.device().torchName());
  }

  /**
   * Columns of matrices, row after row, as one tensor with memory of its own.
   *
   * @param pieces [rows,width] each, of one type and on the engine's device
   * @param firstColumn the first column taken, of as many as the last dimension of {@code shape} is
   * @param type null for that of the pieces, {@code stored}
   */
  public Tensor joined(
      Scope into,
      List<Tensor> pieces,
      StoredType stored,
      long firstColumn,
      long[] shape,
      ComputeType type) {
    return kernel.call(
        into,
        "joined",
        pieces,
        firstColumn,
        new Longs(shape),
        type == null ? stored.scalarType : type.scalarType(),
        engine.device().torchName());
  }

  /** Converts {@code tensor} to the compute type on the engine's device. */
  public Tensor place(Scope into, Tensor tensor, ComputeType type) {
    int scalarType = type == null ? StoredType.FLOAT32.scalarType : type.scalarType();
    return kernel.call(into, "place", tensor, scalarType, engine.device().torchName());
  }

  private Tensor map(Key key) {
    try {
      long elements = Files.size(key.file()) / key.type().bytes;
      return kernel.call(
          scope, "map", key.file().toAbsolutePath().toString(), elements, key.type().scalarType);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
