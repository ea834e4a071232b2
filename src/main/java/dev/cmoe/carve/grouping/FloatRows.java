package dev.cmoe.carve.grouping;

import java.nio.FloatBuffer;

/**
 * A float32 matrix [rows, columns], read in blocks of whole rows so that it may be larger than
 * memory, or than one Java buffer. Row i is what neuron i did on every calibration token.
 */
public interface FloatRows {
  int rows();

  int columns();

  /**
   * Rows {@code first} to {@code first + count - 1}, row-major from position 0, at least {@code
   * count * columns} floats. Not written to, and valid until the next call. A direct buffer in
   * native byte order is used where it lies; any other is copied.
   */
  FloatBuffer block(int first, int count);

  /** How many rows make a block of about 64 MiB, at least one. */
  default int blockRows() {
    return (int) Math.max(1, Math.min(rows(), (64L << 20) / (4L * columns())));
  }

  /** The matrix that lies row-major in {@code values} from its position on. Copies nothing. */
  static FloatRows of(FloatBuffer values, int rows, int columns) {
    if (rows < 1 || columns < 1 || values.remaining() < (long) rows * columns) {
      throw new IllegalArgumentException(
          "[" + rows + ", " + columns + "] does not fit " + values.remaining() + " floats");
    }
    FloatBuffer whole = values.slice();
    return new FloatRows() {
      @Override
      public int rows() {
        return rows;
      }

      @Override
      public int columns() {
        return columns;
      }

      @Override
      public FloatBuffer block(int first, int count) {
        return whole.slice(first * columns, count * columns);
      }
    };
  }
}
