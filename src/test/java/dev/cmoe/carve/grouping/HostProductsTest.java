package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class HostProductsTest {
  @Test
  void productsAreRightToRounding() {
    HostProducts tried = HostProducts.tried();
    assertThat(tried.backend()).isEqualTo("CpuBackend");
    // Exactly 0 would mean that nothing was compared in float32.
    assertThat(tried.error()).isBetween(1e-10, 1e-6);
  }

  @Test
  void theCacheIsWhereTheNativesAre() {
    HostProducts.tried();
    assertThat(HostProducts.cache()).hasValueSatisfying(cache -> assertThat(Files.exists(cache)));
  }
}
