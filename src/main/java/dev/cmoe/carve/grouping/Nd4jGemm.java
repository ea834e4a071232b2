package dev.cmoe.carve.grouping;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Float32 matrix products on direct buffers, the only door to ND4J. Its first use starts the
 * library, which takes about a second.
 *
 * <p>ND4J sees the buffers themselves, never a copy. A row-major [a, b] is the column-major [b, a],
 * so every product is asked for transposed and in column-major order, the one order that ND4J hands
 * to BLAS as it is. With a fixed number of threads the results are the same every time.
 */
final class Nd4jGemm {
  private Nd4jGemm() {}

  /** A direct buffer of zeros in native byte order. */
  static FloatBuffer allocate(long floats) {
    return ByteBuffer.allocateDirect(Math.toIntExact(4 * floats))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** out[n, k] = x[n, q] times transposed c[k, q]. */
  static void timesTransposed(FloatBuffer x, FloatBuffer c, FloatBuffer out, int n, int q, int k) {
    multiply(c, q, k, true, x, q, n, false, out, k, n, 0);
  }

  /** out[n, k] = x[n, q] times a[q, k]. */
  static void times(FloatBuffer x, FloatBuffer a, FloatBuffer out, int n, int q, int k) {
    multiply(a, k, q, false, x, q, n, false, out, k, n, 0);
  }

  /** out[k, q] += transposed w[n, k] times x[n, q]. */
  static void addTransposedTimes(
      FloatBuffer w, FloatBuffer x, FloatBuffer out, int n, int q, int k) {
    multiply(x, q, n, false, w, k, n, true, out, q, k, 1);
  }

  private static void multiply(
      FloatBuffer a,
      int aRows,
      int aColumns,
      boolean transposeA,
      FloatBuffer b,
      int bRows,
      int bColumns,
      boolean transposeB,
      FloatBuffer out,
      int rows,
      int columns,
      double keep) {
    FloatBuffer left = direct(a, (long) aRows * aColumns);
    FloatBuffer right = direct(b, (long) bRows * bColumns);
    Nd4j.gemm(
        view(left, aRows, aColumns),
        view(right, bRows, bColumns),
        view(out, rows, columns),
        transposeA,
        transposeB,
        1,
        keep);
    // The views hold addresses only; the memory must outlive the product.
    Reference.reachabilityFence(left);
    Reference.reachabilityFence(right);
    Reference.reachabilityFence(out);
  }

  private static FloatBuffer direct(FloatBuffer values, long count) {
    FloatBuffer used = values.slice(0, Math.toIntExact(count));
    if (used.isDirect() && used.order() == ByteOrder.nativeOrder()) {
      return used;
    }
    FloatBuffer copy = allocate(count);
    copy.duplicate().put(used);
    return copy;
  }

  private static INDArray view(FloatBuffer values, int rows, int columns) {
    DataBuffer data =
        Nd4j.createBuffer(new FloatPointer(values), (long) rows * columns, DataType.FLOAT);
    return Nd4j.create(data, new long[] {rows, columns}, new long[] {1, rows}, 0, 'f');
  }
}
