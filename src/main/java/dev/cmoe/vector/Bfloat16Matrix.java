package dev.cmoe.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** bfloat16 weights [n,k], row after row, where they lie in memory. */
public final class Bfloat16Matrix {
  private final ByteBuffer memory;
  private final int first;
  private final int width;

  /**
   * @param memory direct, little-endian, and valid as long as this is used
   * @param first byte at which the weights begin
   * @param width k
   */
  public Bfloat16Matrix(ByteBuffer memory, int first, int width) {
    this.memory = memory.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.first = first;
    this.width = width;
  }

  public int width() {
    return width;
  }

  /**
   * Writes y[at + r] = row r · x, summed in float32, for the rows {@code from} to {@code to - 1}.
   */
  public void times(Row x, int from, int to, float[] y, int at) {
    for (int r = from; r < to; r++) {
      y[at + r] = product(first + r * width * Short.BYTES, x);
    }
  }

  // A method for each row, since Java compiles what is called often long before what loops long.
  private float product(int begin, Row x) {
    int lanes = Words.LANES;
    int words = width / 2;
    int whole = words / (2 * lanes) * (2 * lanes);
    // Two sums of each kind, since an addition begins before the last one is over.
    FloatVector even0 = FloatVector.zero(Words.FLOATS);
    FloatVector even1 = even0;
    FloatVector odd0 = even0;
    FloatVector odd1 = even0;
    for (int i = 0; i < whole; i += 2 * lanes) {
      IntVector both = Words.at(memory, begin + Integer.BYTES * i);
      even0 = Words.even(both).fma(FloatVector.fromArray(Words.FLOATS, x.even, i), even0);
      odd0 = Words.odd(both).fma(FloatVector.fromArray(Words.FLOATS, x.odd, i), odd0);
      both = Words.at(memory, begin + Integer.BYTES * (i + lanes));
      even1 = Words.even(both).fma(FloatVector.fromArray(Words.FLOATS, x.even, i + lanes), even1);
      odd1 = Words.odd(both).fma(FloatVector.fromArray(Words.FLOATS, x.odd, i + lanes), odd1);
    }
    float sum = Words.sum(even0.add(odd0).add(even1.add(odd1)));
    for (int i = whole; i < words; i++) {
      int both = memory.getInt(begin + Integer.BYTES * i);
      sum += Words.even(both) * x.even[i] + Words.odd(both) * x.odd[i];
    }
    if (width % 2 != 0) {
      sum += Words.even(memory.getShort(begin + Integer.BYTES * words)) * x.even[words];
    }
    return sum;
  }
}
