package dev.cmoe.carve;

import dev.cmoe.checkpoint.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Rows of a stored matrix [d_ff, …], one a neuron, moved as bytes. */
final class NeuronRows {
  private NeuronRows() {}

  /**
   * The rows {@code ids} one after the other; an id of d_ff or above is padding and gives zeros.
   */
  static ByteBuffer gather(StoredTensor matrix, int[] ids) {
    int neurons = Math.toIntExact(matrix.shape().get(0));
    ByteBuffer source = matrix.bytes();
    int row = source.remaining() / neurons;
    ByteBuffer rows =
        ByteBuffer.allocate(Math.multiplyExact(row, ids.length)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < neurons) {
        rows.put(i * row, source, ids[i] * row, row);
      }
    }
    return rows;
  }
}
