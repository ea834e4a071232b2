package dev.cmoe.cli;

import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.recipe.RuntimeSpec;
import picocli.CommandLine.Mixin;
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

  @Mixin private EngineOptions engine = new EngineOptions();

  void addTo(RecipeLayers layers) {
    layers.flag("--compute-dtype", "runtime.computeDtype", computeDtype);
    engine.addTo(layers);
  }

  /** For commands that have no other part of a recipe. */
  RuntimeSpec spec() {
    RecipeLayers layers = new RecipeLayers();
    addTo(layers);
    return layers.resolve().recipe().runtime();
  }
}
