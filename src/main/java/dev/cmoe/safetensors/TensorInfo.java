package dev.cmoe.safetensors;

import java.util.List;

/**
 * A tensor and its place.
 *
 * @param offset of the first byte, counted from the start of the file
 */
public record TensorInfo(TensorSpec spec, long offset) {

  public String name() {
    return spec.name();
  }

  public DType dtype() {
    return spec.dtype();
  }

  public List<Long> shape() {
    return spec.shape();
  }

  public long bytes() {
    return spec.bytes();
  }

  /** One past the last byte, counted from the start of the file. */
  public long end() {
    return offset + spec.bytes();
  }

  /** Whether the first element lies on a multiple of its size, as native code may want it. */
  public boolean aligned() {
    return offset % dtype().bytes() == 0;
  }
}
