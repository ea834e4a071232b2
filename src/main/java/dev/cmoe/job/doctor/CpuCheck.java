package dev.cmoe.job.doctor;

import dev.cmoe.engine.CpuFeatures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The processor: its name, cores, instruction sets, and the way bfloat16 products go. */
final class CpuCheck {
  /** Instruction sets that matter, by the flag of each. */
  private static final Map<String, String> SETS = new LinkedHashMap<>();

  /** Variables by which libraries are told to leave out instruction sets. */
  private static final List<String> LIMITS =
      List.of(
          "ATEN_CPU_CAPABILITY",
          "DNNL_MAX_CPU_ISA",
          "ONEDNN_MAX_CPU_ISA",
          "MKL_ENABLE_INSTRUCTIONS",
          "OPENBLAS_CORETYPE",
          "ND4J_IGNORE_AVX");

  static {
    SETS.put("avx2", "AVX2");
    SETS.put("avx512f", "AVX-512");
    SETS.put("avx512_bf16", "AVX-512 BF16");
    SETS.put("amx_bf16", "AMX");
  }

  private CpuCheck() {}

  /**
   * @param cores that this process may use
   */
  static Check of(Environment environment, CpuFeatures cpu, int cores) {
    List<String> sets =
        SETS.entrySet().stream()
            .filter(set -> cpu.has(set.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    boolean x86 = environment.property("os.arch").matches("amd64|x86_64");
    boolean known = !cpu.flags().isEmpty();
    String way =
        cpu.multipliesBfloat16()
            ? "bfloat16 products run as they are"
            : "bfloat16 products of many rows go through float32";
    List<String> parts = new ArrayList<>();
    parts.add(cpu.model().orElse("a processor that the system does not name"));
    parts.add(cores == 1 ? "1 core available" : cores + " cores available");
    if (known && x86) {
      parts.add(sets.isEmpty() ? "no AVX2" : String.join(", ", sets));
    }
    parts.add(way);
    Optional<String> limit =
        LIMITS.stream()
            .flatMap(name -> environment.variable(name).map(value -> name + "=" + value).stream())
            .reduce((a, b) -> a + " " + b);
    limit.ifPresent(given -> parts.add(given + " is set"));
    String found = String.join("; ", parts);
    Check check;
    if (known && x86 && !cpu.has("avx2")) {
      check =
          Check.warning("cpu", found, "expect it to be several times slower than one with AVX2");
    } else if (limit.isPresent()) {
      check =
          Check.warning(
              "cpu", found, "unset it, unless libraries are to use fewer instruction sets");
    } else {
      check = Check.ok("cpu", found);
    }
    return check
        .with("model", cpu.model().orElse(""))
        .with("cores", cores)
        .with("instructionSets", sets)
        .with("fastBfloat16", cpu.multipliesBfloat16());
  }
}
