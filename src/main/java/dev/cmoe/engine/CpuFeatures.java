package dev.cmoe.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the processor can do, where the system tells.
 *
 * @param vendor who made it, as it says of itself, such as {@code AuthenticAMD}; empty where the
 *     system does not tell
 * @param model its name; empty where the system does not tell
 * @param flags names of instruction sets as Linux has them, such as {@code avx2}; empty where the
 *     system does not tell
 */
public record CpuFeatures(Optional<String> vendor, Optional<String> model, Set<String> flags) {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final Pattern VENDOR = Pattern.compile("(?m)^vendor_id\\s*:\\s*(.*\\S)");
  private static final Pattern MODEL = Pattern.compile("(?m)^model name\\s*:\\s*(.*\\S)");
  private static final Pattern FLAGS = Pattern.compile("(?m)^(?:flags|Features)\\s*:\\s*(.*\\S)");

  public CpuFeatures {
    flags = Set.copyOf(flags);
  }

  /** Those of this machine. */
  public static CpuFeatures read() {
    try {
      return of(Files.isReadable(CPUINFO) ? Files.readString(CPUINFO) : "");
    } catch (IOException e) {
      return of("");
    }
  }

  /**
   * @param cpuinfo the text of /proc/cpuinfo
   */
  public static CpuFeatures of(String cpuinfo) {
    Matcher vendor = VENDOR.matcher(cpuinfo);
    Matcher model = MODEL.matcher(cpuinfo);
    Matcher flags = FLAGS.matcher(cpuinfo);
    return new CpuFeatures(
        vendor.find() ? Optional.of(vendor.group(1)) : Optional.empty(),
        model.find() ? Optional.of(model.group(1).replaceAll("\\s+", " ")) : Optional.empty(),
        flags.find() ? new HashSet<>(List.of(flags.group(1).split("\\s+"))) : Set.of());
  }

  public boolean has(String flag) {
    return flags.contains(flag);
  }

  /** Whether AMD made it. */
  public boolean isAmd() {
    return vendor.filter("AuthenticAMD"::equals).isPresent();
  }

  /**
   * Whether bfloat16 products are faster than float32 ones. True with AMX tiles (six times float32
   * where measured) and with AVX-512's bfloat16 instructions of AMD (three times); those of Intel
   * alone are slower than float32 as soon as rows are many (docs/experiments.md).
   */
  public boolean multipliesBfloat16() {
    return has("amx_bf16") || isAmd() && has("avx512_bf16");
  }

  /** {@link #multipliesBfloat16} of this machine. */
  public static boolean fastBfloat16() {
    return read().multipliesBfloat16();
  }
}
