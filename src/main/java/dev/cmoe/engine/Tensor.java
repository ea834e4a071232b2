package dev.cmoe.engine;

import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import dev.cmoe.vector.Bfloat16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;

/**
 * A native array, owned by the {@link Scope} that created it and gone with it. Of a bfloat16 tensor
 * Java sees the memory, or a float32 copy.
 */
public final class Tensor implements AutoCloseable {
  /** DJL knows the type only by name, and calls the engine's unknown. */
  private static final DataType BFLOAT16 = DataType.UNKNOWN;

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

  /** Copies a float32 or bfloat16 tensor on the CPU that lies in one piece. */
  public float[] toWidened() {
    if (array.getDataType() != BFLOAT16) {
      return toFloats();
    }
    ShortBuffer stored = memory().asShortBuffer();
    float[] values = new float[stored.remaining()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Bfloat16.value(stored.get(i));
    }
    return values;
  }

  /**
   * The elements of a float32 tensor on the CPU, row-major, without a copy where the engine allows
   * it. Valid only while this tensor is open; must not be written to.
   */
  public FloatBuffer floats() {
    require(DataType.FLOAT32);
    return memory().asFloatBuffer();
  }

  /**
   * The memory of a tensor on the CPU that lies in one piece, of less than 2 GiB, without a copy:
   * what is written there is in the tensor. Valid only while this tensor is open; of others a copy.
   */
  public ByteBuffer memory() {
    ByteBuffer memory = array.toByteBuffer(true).order(ByteOrder.nativeOrder());
    if (count() > 0 && memory.remaining() % count() != 0) {
      throw new IllegalStateException(this + " is larger than a buffer");
    }
    return memory;
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
