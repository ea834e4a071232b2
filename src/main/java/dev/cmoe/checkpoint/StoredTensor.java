package dev.cmoe.checkpoint;

import dev.cmoe.safetensors.SafetensorsFile;
import dev.cmoe.safetensors.TensorInfo;
import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A tensor of a checkpoint where it lies, not read until asked for. */
public record StoredTensor(SafetensorsFile file, TensorInfo info) implements ReadableTensor {

  @Override
  public TensorSpec spec() {
    return info.spec();
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public String subject() {
    return ReadableTensor.super.subject() + " at byte " + fileOffset();
  }

  /** The byte of the file at which the tensor begins. */
  public long fileOffset() {
    return info.offset();
  }

  @Override
  public StoredTensor part(long first, long count) {
    List<Long> shape = new ArrayList<>(shape());
    long rowBytes = info.bytes() / shape.get(0);
    shape.set(0, count);
    TensorSpec spec = new TensorSpec(name(), dtype(), shape);
    return new StoredTensor(file, new TensorInfo(spec, info.offset() + first * rowBytes));
  }

  /**
   * Rows {@code first} to {@code first + count - 1} of it as one matrix: its last dimension are the
   * columns, all others together the rows.
   */
  public StoredTensor matrix(long first, long count) {
    long columns = shape().get(shape().size() - 1);
    TensorSpec flat = TensorSpec.of(name(), dtype(), info.spec().elements() / columns, columns);
    return new StoredTensor(file, new TensorInfo(flat, info.offset())).part(first, count);
  }

  /** See {@link SafetensorsFile#bytes}. */
  @Override
  public ByteBuffer bytes() {
    return file.bytes(info);
  }

  /** See {@link SafetensorsFile#rows}. */
  @Override
  public ByteBuffer rows(long first, long count) {
    return file.rows(info, first, count);
  }
}
