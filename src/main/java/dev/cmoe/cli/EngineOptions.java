package dev.cmoe.cli;

import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.recipe.RuntimeSpec;
import picocli.CommandLine.Option;

/** Where to compute and with how many threads, for commands that choose their own types. */
final class EngineOptions {
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
    layers.flag("--threads", "runtime.threads", threads).flag("--device", "runtime.device", device);
  }

  RuntimeSpec spec() {
    RecipeLayers layers = new RecipeLayers();
    addTo(layers);
    return layers.resolve().recipe().runtime();
  }
}
