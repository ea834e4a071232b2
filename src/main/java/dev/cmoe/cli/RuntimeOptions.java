package dev.cmoe.cli;

import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.recipe.RuntimeSpec;
import picocli.CommandLine.Option;

/** How to compute. The texts are read by {@link RecipeLayers}, which knows types and defaults. */
final class RuntimeOptions {
  @Option(
      names = "--compute-dtype",
      paramLabel = "TYPE",
      description =
          "auto, float32 or bfloat16: what kernels compute in; stored weights keep their type"
              + " (default: ${bundle:default.runtime.computeDtype}).")
  private String computeDtype;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the engine (default: as it finds best).")
  private String threads;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, gpu or gpu:N (default: ${bundle:default.runtime.device}).")
  private String device;

  void addTo(RecipeLayers layers) {
    layers
        .flag("--compute-dtype", "runtime.computeDtype", computeDtype)
        .flag("--threads", "runtime.threads", threads)
        .flag("--device", "runtime.device", device);
  }

  /** For commands that have no other part of a recipe. */
  RuntimeSpec spec() {
    RecipeLayers layers = new RecipeLayers();
    addTo(layers);
    return layers.resolve().recipe().runtime();
  }
}
