package dev.cmoe.nn;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Longs;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of each layer for tokens that were seen: [B,K,C,D] in the compute type, K shared
 * heads of width D, for B sequences of at most C tokens.
 */
final class KeyValueCache {
  private final Kernel kernel;
  private final List<Tensor> keys;
  private final List<Tensor> values;

  private KeyValueCache(Kernel kernel, List<Tensor> keys, List<Tensor> values) {
    this.kernel = kernel;
    this.keys = keys;
    this.values = values;
  }

  static KeyValueCache create(Decoder decoder, Scope scope, int sequences, int capacity) {
    DecoderConfig config = decoder.config();
    Kernel kernel = decoder.engine().kernel(Attention.class, "attention");
    List<Tensor> keys = new ArrayList<>();
    List<Tensor> values = new ArrayList<>();
    Longs shape = new Longs(sequences, config.keyValueHeads(), capacity, config.headDim());
    try (Scope scratch = scope.child()) {
      Tensor here = scratch.zeros(1);
      for (int i = 0; i < config.layers(); i++) {
        int type = decoder.weights().type().scalarType();
        keys.add(kernel.call(scope, "cache", here, shape, type));
        values.add(kernel.call(scope, "cache", here, shape, type));
      }
    }
    return new KeyValueCache(kernel, keys, values);
  }

  /** Bytes of a cache. */
  static long bytes(Decoder decoder, int sequences, int capacity) {
    DecoderConfig config = decoder.config();
    return 2L
        * config.layers()
        * sequences
        * config.keyValueHeads()
        * capacity
        * config.headDim()
        * decoder.weights().type().bytes();
  }

  /** Of every layer, [B,K,C,D]. */
  List<Tensor> keys() {
    return keys;
  }

  /** Of every layer, [B,K,C,D]. */
  List<Tensor> values() {
    return values;
  }

  Tensor keys(int layer) {
    return keys.get(layer);
  }

  Tensor values(int layer) {
    return values.get(layer);
  }

  /** The cache of sequences {@code first} to {@code first + count - 1}, sharing the memory. */
  KeyValueCache part(Scope into, int first, int count) {
    return new KeyValueCache(
        kernel,
        keys.stream().map(tensor -> kernel.call(into, "part", tensor, first, count)).toList(),
        values.stream().map(tensor -> kernel.call(into, "part", tensor, first, count)).toList());
  }
}
