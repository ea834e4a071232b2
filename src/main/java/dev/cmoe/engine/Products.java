package dev.cmoe.engine;

import java.util.EnumSet;
import java.util.Set;

/**
 * Ways of multiplying x [n,k] with weights [m,k] that are faster on this machine than what the
 * engine does by itself, as measured in docs/experiments.md, "Running carved models". Texts of
 * kernels name them in capitals.
 *
 * @param ways those that are taken
 */
record Products(Set<Way> ways) {
  /** A way of multiplying. */
  enum Way {
    /** bfloat16 goes through float32 from 64 rows on, and in attention in parts. */
    WIDEN,

    /**
     * One row of bfloat16 goes through oneDNN's inner product, which reads the weights where they
     * lie, where its matrix product packs them first.
     */
    SINGLE,

    /**
     * 5 to 48 rows of float32 that do not go the way of {@link #ONEDNN} go through as columns, with
     * weights from 2²⁰ values on. Up to 15 rows MKL multiplies a few at a time and reads the
     * weights for each few; weights on the left it reads once.
     */
    COLUMNS,

    /**
     * What goes through as columns is multiplied with 32 blocks of the weights' rows at once, each
     * by one thread, and one row of float32 goes through so, with weights from 2¹⁹ values on that
     * are up to 2560 wide: MKL is slow on AMD's processors where threads share a product.
     */
    BLOCKS,

    /**
     * float32 of other widths and up to 12 rows, with weights from 2¹⁹ values on, goes through
     * oneDNN's inner product, and from 320 rows on, with weights from 2²⁰ values on or 6 to 32 rows
     * of them from 2¹³ values on, as in a router: MKL, which the engine takes, is slow on AMD's
     * processors.
     */
    ONEDNN,

    /**
     * Attention over a bfloat16 prompt looks at a few queries at a time, as in float32 it always
     * does.
     */
    PARTS,

    /**
     * In a decode step the one bfloat16 query of a head with keys of its own goes through attention
     * with a row of zeros beside it, from 1024 cached keys of all heads on: on AMD's processors MKL
     * multiplies two such rows in half the time of one.
     */
    PAIR
  }

  /** Nothing but what the engine does by itself, as on a GPU. */
  static final Products PLAIN = new Products(Set.of());

  Products {
    ways = Set.copyOf(ways);
  }

  /**
   * On a CPU. With AMX the matrix product has kernels of its own, against which the inner product
   * and attention in parts were not measured; MKL's float32 kernels are those of AVX-512 there too.
   */
  static Products of(CpuFeatures cpu) {
    Set<Way> ways = EnumSet.noneOf(Way.class);
    if (!cpu.multipliesBfloat16()) {
      ways.add(Way.WIDEN);
    }
    if (!cpu.has("amx_bf16")) {
      ways.add(Way.PARTS);
      if (cpu.has("avx512_bf16")) {
        ways.add(Way.SINGLE);
      }
    }
    if (cpu.has("avx512f")) {
      ways.add(Way.COLUMNS);
    }
    if (cpu.isAmd()) {
      ways.add(Way.BLOCKS);
      ways.add(Way.ONEDNN);
    }
    if (cpu.isAmd() && cpu.has("avx512_bf16")) {
      ways.add(Way.PAIR);
    }
    return new Products(ways);
  }

  /**
   * Those that training takes too: a layer's backward pass computes it again, recorded, and must
   * come to what the forward pass came to. Autograd knows nothing of the inner product.
   */
  Products recordable() {
    Set<Way> kept = EnumSet.noneOf(Way.class);
    kept.addAll(ways);
    kept.remove(Way.SINGLE);
    kept.remove(Way.ONEDNN);
    return new Products(kept);
  }

  boolean take(Way way) {
    return ways.contains(way);
  }

  /** {@code text} with the words replaced. */
  String in(String text) {
    String result = text;
    for (Way way : Way.values()) {
      result = result.replaceAll("\\b" + way + "\\b", take(way) ? "True" : "False");
    }
    return result;
  }
}
