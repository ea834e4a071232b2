package dev.cmoe.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A native array, owned by the {@link Scope} that created it and gone with it. A bfloat16 tensor
 * can be passed to kernels but not read from Java.
 */
public final class Tensor implements AutoCloseable {
  private final PtNDArray array;

  Tensor(PtNDArray array) {
    this.array = array;
  }

  PtNDArray array() {
    return array;
  }

  public long[] shape() {
    return array.getShape().getShape();
  }

  public long size(int dimension) {
    return array.getShape().get(dimension);
  }

  /** Number of elements. */
  public long count() {
    return array.getShape().size();
  }

  /** Copies a float32 tensor, row-major. */
  public float[] toFloats() {
    require(DataType.FLOAT32);
    return array.toFloatArray();
  }

  /**
   * The elements of a float32 tensor on the CPU, row-major, without a copy where the engine allows
   * it. Valid only while this tensor is open; must not be written to.
   */
  public FloatBuffer floats() {
    require(DataType.FLOAT32);
    return array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** Copies an int64 tensor, row-major. */
  public long[] toLongs() {
    require(DataType.INT64);
    return array.toLongArray();
  }

  /** Copies an int64 tensor whose values are indices that fit an int. */
  public int[] toIndices() {
    return Arrays.stream(toLongs()).mapToInt(Math::toIntExact).toArray();
  }

  /** Copies a float64 tensor, row-major. */
  public double[] toDoubles() {
    require(DataType.FLOAT64);
    return array.toDoubleArray();
  }

  private void require(DataType type) {
    if (array.getDataType() != type) {
      throw new IllegalStateException("tensor is " + array.getDataType() + ", not " + type);
    }
  }

  /** Frees the native memory now instead of with the scope. */
  @Override
  public void close() {
    array.close();
  }

  @Override
  public String toString() {
    return array.isReleased() ? "closed" : array.getDataType() + Arrays.toString(shape());
  }
}
