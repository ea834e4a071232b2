package dev.cmoe.export;

import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A matrix of stored weights of at most 2 GiB, row-major.
 *
 * @param name of the tensor it comes from
 * @param bytes exactly those of the matrix remain
 */
record WeightMatrix(String name, DType type, int rows, int columns, ByteBuffer bytes) {

  /** A stored matrix. */
  static WeightMatrix of(StoredTensor stored) {
    return new WeightMatrix(
        stored.name(),
        stored.dtype(),
        Math.toIntExact(stored.shape().get(0)),
        Math.toIntExact(stored.shape().get(1)),
        stored.bytes());
  }

  static WeightMatrix zeros(DType type, int rows, int columns) {
    return new WeightMatrix("", type, rows, columns, room(type, rows, columns));
  }

  private static ByteBuffer room(DType type, int rows, int columns) {
    return ByteBuffer.allocate(Math.multiplyExact(Math.multiplyExact(rows, columns), type.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private int rowBytes() {
    return columns * type.bytes();
  }

  /**
   * Every element times {@code factor}, rounded to the type it is stored in.
   *
   * @throws CmoeException of kind UNSUPPORTED when one becomes too large for it
   */
  WeightMatrix times(int factor) {
    if (factor == 1) {
      return this;
    }
    ByteBuffer product = room(type, rows, columns);
    float[] row = new float[columns];
    float[] stored = new float[columns];
    for (int r = 0; r < rows; r++) {
      ByteBuffer source = bytes.slice(bytes.position() + r * rowBytes(), rowBytes());
      HalfFloats.toFloats(source, type, row, 0, columns);
      for (int i = 0; i < columns; i++) {
        row[i] *= factor;
      }
      HalfFloats.fromFloats(row, 0, columns, type, product);
      HalfFloats.toFloats(
          product.slice(product.position() - rowBytes(), rowBytes()), type, stored, 0, columns);
      for (float value : stored) {
        if (Float.isInfinite(value)) {
          throw CmoeException.unsupported(
              "tensor '%s': a weight times %d is too large for %s".formatted(name, factor, type));
        }
      }
    }
    return new WeightMatrix(name, type, rows, columns, product.flip());
  }

  /**
   * What {@link #times} made these elements of. Where rounding made several values one, it is one
   * of them: {@code over(k).times(k)} is this matrix again, if it was ever made so.
   */
  WeightMatrix over(int factor) {
    ByteBuffer quotient = room(type, rows, columns);
    float[] due = new float[columns];
    float[] values = new float[columns];
    for (int r = 0; r < rows; r++) {
      int at = r * rowBytes();
      HalfFloats.toFloats(bytes.slice(bytes.position() + at, rowBytes()), type, due, 0, columns);
      for (int i = 0; i < columns; i++) {
        values[i] = due[i] / factor;
      }
      HalfFloats.fromFloats(values, 0, columns, type, quotient);
      HalfFloats.toFloats(quotient.slice(at, rowBytes()), type, values, 0, columns);
      for (int i = 0; i < columns; i++) {
        values[i] *= factor;
      }
      HalfFloats.toFloats(HalfFloats.fromFloats(values, type), type, values, 0, columns);
      for (int i = 0; i < columns; i++) {
        if (values[i] != due[i]) {
          // |w - due/k| is below one step, and the quotient is within half a step of due/k.
          boolean small = Math.abs(values[i]) < Math.abs(due[i]);
          step(quotient, at + i * type.bytes(), small ? 1 : -1);
        }
      }
    }
    return new WeightMatrix(name, type, rows, columns, quotient.flip());
  }

  /** Moves the magnitude of the value at byte {@code at} to the next one of its type. */
  private void step(ByteBuffer values, int at, int by) {
    if (type == DType.F32) {
      values.putInt(at, values.getInt(at) + by);
    } else {
      values.putShort(at, (short) (values.getShort(at) + by));
    }
  }

  /** Its columns from {@code first} on. */
  WeightMatrix narrowed(int first, int count) {
    if (count == columns) {
      return this;
    }
    ByteBuffer some = room(type, rows, count);
    for (int r = 0; r < rows; r++) {
      int at = bytes.position() + r * rowBytes() + first * type.bytes();
      some.put(bytes.slice(at, count * type.bytes()));
    }
    return new WeightMatrix(name, type, rows, count, some.flip());
  }

  /** With columns of zeros up to {@code width}. */
  WeightMatrix widened(int width) {
    return width == columns ? this : beside(zeros(type, rows, width - columns));
  }

  /** Each row followed by that row of {@code right}. */
  WeightMatrix beside(WeightMatrix right) {
    if (right.columns == 0) {
      return this;
    }
    ByteBuffer both = room(type, rows, columns + right.columns);
    for (int r = 0; r < rows; r++) {
      both.put(bytes.slice(bytes.position() + r * rowBytes(), rowBytes()));
      both.put(right.bytes.slice(right.bytes.position() + r * right.rowBytes(), right.rowBytes()));
    }
    return new WeightMatrix(name, type, rows, columns + right.columns, both.flip());
  }

  ByteBuffer[] parts() {
    return new ByteBuffer[] {bytes};
  }
}
