package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.cmoe.nn.Decoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProductsTest {
  @ParameterizedTest
  @CsvSource({
    "GenuineIntel, avx2, true, false, false, false, true",
    "GenuineIntel, avx512f, true, false, true, false, true",
    "GenuineIntel, avx512f avx512_bf16, true, true, true, false, true",
    "GenuineIntel, avx512f avx512_bf16 amx_bf16, false, false, true, false, false",
    "AuthenticAMD, avx2, true, false, false, true, true",
    "AuthenticAMD, avx512f avx512_bf16, false, true, true, true, true",
  })
  void followFromTheProcessor(
      String vendor,
      String flags,
      boolean widen,
      boolean single,
      boolean columns,
      boolean inner,
      boolean parts) {
    assertThat(Products.of(CpuFeatures.of("vendor_id : " + vendor + "\nflags : " + flags)))
        .isEqualTo(new Products(widen, single, columns, inner, parts));
  }

  @Test
  void kernelsCompileWithAnyOfThem() {
    Engine engine = SharedEngine.get();
    for (int i = 0; i < 32; i++) {
      Products products =
          new Products((i & 1) > 0, (i & 2) > 0, (i & 4) > 0, (i & 8) > 0, (i & 16) > 0);
      assertThatNoException()
          .as(products.toString())
          .isThrownBy(() -> engine.load(Decoder.class, "layer", products));
    }
  }
}
