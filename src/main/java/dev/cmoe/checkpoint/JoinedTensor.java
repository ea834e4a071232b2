package dev.cmoe.checkpoint;

import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that a checkpoint has in pieces: the same columns of stored matrices, row after row,
 * such as experts that lie one by one and are one [E,m,d] here. Its values are the stored ones.
 */
public final class JoinedTensor implements ReadableTensor {
  private final TensorSpec spec;
  private final List<StoredTensor> pieces;
  private final long firstColumn;

  private JoinedTensor(TensorSpec spec, List<StoredTensor> pieces, long firstColumn) {
    this.spec = spec;
    this.pieces = pieces;
    this.firstColumn = firstColumn;
  }

  /**
   * @param pieces matrices; from each the columns from {@code firstColumn} on, as many as the last
   *     dimension of {@code shape} is
   * @throws dev.cmoe.run.CmoeException of kind UNSUPPORTED when they are stored in several types
   */
  public static JoinedTensor of(
      String name, List<StoredTensor> pieces, long firstColumn, long... shape) {
    StoredTensor first = pieces.get(0);
    pieces.forEach(piece -> piece.requireTypeOf(first));
    TensorSpec spec = TensorSpec.of(name, first.dtype(), shape);
    long rows = pieces.stream().mapToLong(piece -> piece.shape().get(0)).sum();
    long columns = shape[shape.length - 1];
    boolean wideEnough =
        pieces.stream().allMatch(piece -> piece.shape().get(1) >= firstColumn + columns);
    if (rows * columns != spec.elements() || !wideEnough) {
      throw new IllegalArgumentException(spec + " of " + rows + " rows of " + pieces);
    }
    return new JoinedTensor(spec, List.copyOf(pieces), firstColumn);
  }

  @Override
  public TensorSpec spec() {
    return spec;
  }

  @Override
  public Path path() {
    return pieces.get(0).path();
  }

  /** The matrices [rows,width] that the values lie in. */
  public List<StoredTensor> pieces() {
    return pieces;
  }

  /** The column of the pieces that is the first here. */
  public long firstColumn() {
    return firstColumn;
  }

  private long columns() {
    return shape().get(shape().size() - 1);
  }

  /** Whether it is one stored matrix, in another shape at most. */
  public boolean isWhole() {
    return pieces.size() == 1 && hasAllColumns(pieces.get(0));
  }

  private boolean hasAllColumns(StoredTensor piece) {
    return piece.shape().get(1) == columns();
  }

  @Override
  public ByteBuffer bytes() {
    if (isWhole()) {
      return pieces.get(0).bytes();
    }
    ByteBuffer all =
        ByteBuffer.allocate(Math.toIntExact(spec.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    for (StoredTensor piece : pieces) {
      ByteBuffer stored = piece.bytes();
      if (hasAllColumns(piece)) {
        all.put(stored);
      } else {
        int size = dtype().bytes();
        int rowBytes = Math.toIntExact(piece.shape().get(1) * size);
        int from = stored.position() + Math.toIntExact(firstColumn * size);
        for (int row = 0; row < piece.shape().get(0); row++) {
          all.put(stored.slice(from + row * rowBytes, Math.toIntExact(columns() * size)));
        }
      }
    }
    return all.flip();
  }

  @Override
  public ByteBuffer rows(long first, long count) {
    return part(first, count).bytes();
  }

  @Override
  public JoinedTensor part(long first, long count) {
    // Rows of the pieces to one of the first dimension.
    long high = spec.elements() / columns() / shape().get(0);
    long from = first * high;
    long end = from + count * high;
    List<StoredTensor> parts = new ArrayList<>();
    long at = 0;
    for (StoredTensor piece : pieces) {
      long rows = piece.shape().get(0);
      long low = Math.max(from, at);
      long top = Math.min(end, at + rows);
      if (low < top) {
        parts.add(piece.part(low - at, top - low));
      }
      at += rows;
    }
    List<Long> shape = new ArrayList<>(shape());
    shape.set(0, count);
    return new JoinedTensor(
        new TensorSpec(name(), dtype(), shape), List.copyOf(parts), firstColumn);
  }
}
