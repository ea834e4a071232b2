package dev.cmoe.engine;

/**
 * Ways of multiplying x [n,k] with weights [m,k] that are faster on this machine than what the
 * engine does by itself, as measured in docs/experiments.md, "Running carved models". Texts of
 * kernels name them in capitals.
 *
 * @param widen {@code WIDEN}: bfloat16 goes through float32 from 64 rows on, and in attention in
 *     parts
 * @param single {@code SINGLE}: one row of bfloat16 goes through oneDNN's inner product, which
 *     reads the weights where they lie, where its matrix product packs them first
 * @param columns {@code COLUMNS}: 5 to 48 rows of float32 go through as columns, with weights from
 *     2²⁰ values on. Up to 15 rows MKL multiplies a few at a time and reads the weights for each
 *     few; weights on the left it reads once
 * @param inner {@code INNER}: float32 goes through oneDNN's inner product up to 12 rows, with
 *     weights from 2¹⁷ values on, and from 256 rows on, with weights from 2²⁰ values on: MKL, which
 *     the engine takes, is slow on AMD's processors
 * @param parts {@code PARTS}: attention over a bfloat16 prompt goes a few queries at a time, as in
 *     float32 it always does
 */
record Products(boolean widen, boolean single, boolean columns, boolean inner, boolean parts) {
  /** Nothing but what the engine does by itself, as on a GPU. */
  static final Products PLAIN = new Products(false, false, false, false, false);

  /**
   * On a CPU. With AMX the matrix product has kernels of its own, against which the inner product
   * and attention in parts were not measured; MKL's float32 kernels are those of AVX-512 there too.
   */
  static Products of(CpuFeatures cpu) {
    return new Products(
        !cpu.multipliesBfloat16(),
        cpu.has("avx512_bf16") && !cpu.has("amx_bf16"),
        cpu.has("avx512f"),
        cpu.isAmd(),
        !cpu.has("amx_bf16"));
  }

  /** {@code text} with the words replaced. */
  String in(String text) {
    String result = replaced(text, "WIDEN", widen);
    result = replaced(result, "SINGLE", single);
    result = replaced(result, "COLUMNS", columns);
    result = replaced(result, "INNER", inner);
    return replaced(result, "PARTS", parts);
  }

  private static String replaced(String text, String word, boolean value) {
    return text.replaceAll("\\b" + word + "\\b", value ? "True" : "False");
  }
}
