package dev.cmoe.finetune;

import java.util.List;

/**
 * A trained tensor of a layer.
 *
 * @param name as the kernel of layers knows it
 * @param start what it is before training
 */
record Parameter(int layer, String name, TrainedKind kind, List<Long> shape, Start start) {

  /** What a parameter is before training. */
  sealed interface Start {}

  /** Uniform in ±1/sqrt(inputs): the first factor of a low-rank addition, as PEFT begins it. */
  record Uniform(long inputs) implements Start {}

  /** Zeros: the second factor, so that the addition begins as nothing; gate scales. */
  record Zeros() implements Start {}

  /** What the checkpoint has under {@code tensor}. */
  record Stored(String tensor) implements Start {}

  Parameter {
    shape = List.copyOf(shape);
  }

  static Parameter of(int layer, String name, TrainedKind kind, Start start, long... shape) {
    return new Parameter(layer, name, kind, java.util.Arrays.stream(shape).boxed().toList(), start);
  }

  long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Distinct over all layers. */
  String fullName() {
    return "layers." + layer + "." + name;
  }
}
