package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CpuFeaturesTest {
  @Test
  void readsNameAndFlags() {
    CpuFeatures cpu =
        CpuFeatures.of(
            "processor\t: 0\nmodel name\t: Some  CPU @ 2.00GHz\nflags\t\t: fpu avx2 amx_bf16\n\n"
                + "processor\t: 1\nmodel name\t: Some  CPU @ 2.00GHz\n");
    assertThat(cpu.model()).contains("Some CPU @ 2.00GHz");
    assertThat(cpu.flags()).containsExactlyInAnyOrder("fpu", "avx2", "amx_bf16");
    assertThat(cpu.multipliesBfloat16()).isTrue();
  }

  @Test
  void bfloat16InstructionsAloneAreNotFast() {
    assertThat(CpuFeatures.of("flags : avx512f avx512_bf16\n").multipliesBfloat16()).isFalse();
  }

  @Test
  void aSystemThatTellsNothingHasNothing() {
    CpuFeatures cpu = CpuFeatures.of("");
    assertThat(cpu.model()).isEmpty();
    assertThat(cpu.flags()).isEmpty();
  }
}
