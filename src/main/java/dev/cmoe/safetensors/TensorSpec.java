package dev.cmoe.safetensors;

import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

/**
 * What a tensor is, apart from where it lies and what it holds.
 *
 * @param shape outermost dimension first; empty for a scalar. No dimension is negative and the size
 *     in bytes fits a long
 */
public record TensorSpec(String name, DType dtype, List<Long> shape) {

  /** Throws IllegalArgumentException for a negative dimension or a size beyond a long. */
  public TensorSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(dtype, "dtype");
    shape = List.copyOf(shape);
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException("shape " + shape + " has a negative dimension");
      }
    }
    try {
      Math.multiplyExact(product(shape), (long) dtype.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("shape " + shape + " is too large to address", e);
    }
  }

  public static TensorSpec of(String name, DType dtype, long... shape) {
    return new TensorSpec(name, dtype, LongStream.of(shape).boxed().toList());
  }

  public long elements() {
    return product(shape);
  }

  public long bytes() {
    return elements() * dtype.bytes();
  }

  /** The name in quotes, on one line and of bounded length, for messages. */
  public String quotedName() {
    return quoted(name);
  }

  static String quoted(String name) {
    String line = name.replaceAll("\\p{Cntrl}", "?");
    return "'" + (line.length() > 200 ? line.substring(0, 200) + "..." : line) + "'";
  }

  private static long product(List<Long> shape) {
    long product = 1;
    for (long dimension : shape) {
      product = Math.multiplyExact(product, dimension);
    }
    return product;
  }
}
