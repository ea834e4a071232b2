package dev.cmoe.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the processor can do, where the system tells. */
public final class CpuFeatures {
  private CpuFeatures() {}

  /**
   * Whether bfloat16 products are faster than float32 ones. True with AMX tiles (six times float32
   * where measured); AVX-512's bfloat16 instructions alone are slower than float32
   * (docs/experiments.md).
   */
  public static boolean fastBfloat16() {
    Path info = Path.of("/proc/cpuinfo");
    try {
      return Files.isReadable(info) && Files.readString(info).contains("amx_bf16");
    } catch (IOException e) {
      return false;
    }
  }
}
