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
  void bfloat16InstructionsAloneAreFastOnOneMakersOnly() {
    String flags = "flags : avx512f avx512_bf16\n";
    assertThat(CpuFeatures.of(flags).multipliesBfloat16()).isFalse();
    assertThat(CpuFeatures.of("vendor_id : GenuineIntel\n" + flags).multipliesBfloat16()).isFalse();
    assertThat(CpuFeatures.of("vendor_id\t: AuthenticAMD\n" + flags).multipliesBfloat16()).isTrue();
    assertThat(CpuFeatures.of("vendor_id\t: AuthenticAMD\nflags : avx2\n").multipliesBfloat16())
        .isFalse();
  }

  @Test
  void aSystemThatTellsNothingHasNothing() {
    CpuFeatures cpu = CpuFeatures.of("");
    assertThat(cpu.vendor()).isEmpty();
    assertThat(cpu.model()).isEmpty();
    assertThat(cpu.flags()).isEmpty();
  }
}
