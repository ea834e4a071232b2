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
    "avx2, true, false, false",
    "avx512f, true, false, true",
    "avx512f avx512_bf16, true, true, true",
    "avx512f avx512_bf16 amx_bf16, false, false, true",
  })
  void followFromTheProcessor(String flags, boolean widen, boolean single, boolean columns) {
    assertThat(Products.of(CpuFeatures.of("flags : " + flags)))
        .isEqualTo(new Products(widen, single, columns));
  }

  @Test
  void kernelsCompileWithAnyOfThem() {
    Engine engine = SharedEngine.get();
    for (int i = 0; i < 8; i++) {
      Products products = new Products((i & 1) > 0, (i & 2) > 0, (i & 4) > 0);
      assertThatNoException()
          .as(products.toString())
          .isThrownBy(() -> engine.load(Decoder.class, "layer", products));
    }
  }
}
