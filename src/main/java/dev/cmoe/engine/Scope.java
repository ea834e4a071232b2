package dev.cmoe.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.nio.ByteBuffer;

/**
 * Owns tensors and frees them on close. One scope a layer, one a batch inside it: native memory is
 * then bounded by the work in hand and not by the garbage collector.
 */
public final class Scope implements AutoCloseable {
  private final PtNDManager manager;
  private long owned;

  Scope(PtNDManager manager) {
    this.manager = manager;
  }

  PtNDManager manager() {
    return manager;
  }

  /** A scope inside this one, on the same device. */
  public Scope child() {
    return new Scope((PtNDManager) manager.newSubManager());
  }

  /**
   * Takes {@code tensor} out of its scope into this one and returns it: the only way to outlive a
   * scope.
   */
  public Tensor keep(Tensor tensor) {
    tensor.array().attach(manager);
    return tensor;
  }

  /** Closes {@code resource} with this scope. */
  void own(AutoCloseable resource) {
    manager.attachInternal("cmoe-" + System.identityHashCode(resource) + "-" + owned++, resource);
  }

  /** A float32 tensor with a copy of {@code values}, row-major. */
  public Tensor of(float[] values, long... shape) {
    return new Tensor((PtNDArray) manager.create(values, new Shape(shape)));
  }

  /** An int64 tensor with a copy of {@code values}, row-major. */
  public Tensor of(long[] values, long... shape) {
    return new Tensor((PtNDArray) manager.create(values, new Shape(shape)));
  }

  /** An int64 tensor of shape [values.length]. */
  public Tensor of(int[] values) {
    long[] wide = new long[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return of(wide, wide.length);
  }

  /**
   * A float32 tensor over the bytes of {@code buffer} (direct, native order, from its position). On
   * the CPU it shares the memory, which must stay as it is while the tensor lives.
   */
  public Tensor over(ByteBuffer buffer, long... shape) {
    return new Tensor(manager.create(buffer.slice(), new Shape(shape), DataType.FLOAT32));
  }

  /** A float32 tensor of zeros. */
  public Tensor zeros(long... shape) {
    return new Tensor((PtNDArray) manager.zeros(new Shape(shape)));
  }

  @Override
  public void close() {
    manager.close();
  }
}
