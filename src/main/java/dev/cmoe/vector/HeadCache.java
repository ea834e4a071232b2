package dev.cmoe.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Keys and values of one sequence, bfloat16 [K,C,D] each, where they lie in memory: K shared heads
 * of width D, C positions.
 */
public final class HeadCache {
  private final ByteBuffer keys;
  private final ByteBuffer values;
  private final int capacity;
  private final int width;

  /**
   * @param keys direct, little-endian, and valid as long as this is used
   * @param values likewise
   * @param capacity C
   * @param width D, even
   */
  public HeadCache(ByteBuffer keys, ByteBuffer values, int capacity, int width) {
    this.keys = keys.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.values = values.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.capacity = capacity;
    this.width = width;
  }

  /** Puts down, rounded, the key and value of a shared head that begin at {@code from}. */
  public void put(int head, int position, float[] key, float[] value, int from) {
    int at = at(head, position);
    for (int i = 0; i < width; i++) {
      keys.putShort(at + 2 * i, Bfloat16.bits(key[from + i]));
      values.putShort(at + 2 * i, Bfloat16.bits(value[from + i]));
    }
  }

  private int at(int head, int position) {
    return (head * capacity + position) * width * 2;
  }

  /**
   * Writes scores[p] = the key at position first + p · the query that begins at value {@code at} of
   * {@code q}, for {@code count} positions.
   */
  public void scores(int head, int first, int count, Row q, int at, float[] scores) {
    for (int p = 0; p < count; p++) {
      scores[p] = score(at(head, first + p), q, at / 2);
    }
  }

  private float score(int begin, Row q, int half) {
    int words = width / 2;
    int whole = Words.FLOATS.loopBound(words);
    FloatVector even = FloatVector.zero(Words.FLOATS);
    FloatVector odd = even;
    for (int i = 0; i < whole; i += Words.LANES) {
      IntVector both = Words.at(keys, begin + Integer.BYTES * i);
      even = Words.even(both).fma(FloatVector.fromArray(Words.FLOATS, q.even, half + i), even);
      odd = Words.odd(both).fma(FloatVector.fromArray(Words.FLOATS, q.odd, half + i), odd);
    }
    float sum = Words.sum(even.add(odd));
    for (int i = whole; i < words; i++) {
      int both = keys.getInt(begin + Integer.BYTES * i);
      sum += Words.even(both) * q.even[half + i] + Words.odd(both) * q.odd[half + i];
    }
    return sum;
  }

  /**
   * Writes the sum of the values at positions first + p, each times shares[p], to {@code at} of y.
   */
  public void mix(int head, int first, int count, float[] shares, float[] y, int at) {
    int words = width / 2;
    int whole = Words.FLOATS.loopBound(words);
    int begin = at(head, first);
    float[] lanes = new float[2 * Words.LANES];
    for (int i = 0; i < whole; i += Words.LANES) {
      mix(begin + Integer.BYTES * i, count, shares, lanes);
      for (int j = 0; j < Words.LANES; j++) {
        y[at + 2 * (i + j)] = lanes[j];
        y[at + 2 * (i + j) + 1] = lanes[Words.LANES + j];
      }
    }
    for (int i = whole; i < words; i++) {
      float even = 0;
      float odd = 0;
      for (int p = 0; p < count; p++) {
        int both = values.getInt(begin + 2 * width * p + Integer.BYTES * i);
        even += Words.even(both) * shares[p];
        odd += Words.odd(both) * shares[p];
      }
      y[at + 2 * i] = even;
      y[at + 2 * i + 1] = odd;
    }
  }

  /** A vector of even values, and one of odd ones. */
  private void mix(int begin, int count, float[] shares, float[] lanes) {
    FloatVector even = FloatVector.zero(Words.FLOATS);
    FloatVector odd = even;
    for (int p = 0; p < count; p++) {
      IntVector both = Words.at(values, begin + 2 * width * p);
      FloatVector share = FloatVector.broadcast(Words.FLOATS, shares[p]);
      even = Words.even(both).fma(share, even);
      odd = Words.odd(both).fma(share, odd);
    }
    even.intoArray(lanes, 0);
    odd.intoArray(lanes, Words.LANES);
  }
}
