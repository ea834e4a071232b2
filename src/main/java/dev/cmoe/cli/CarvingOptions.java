package dev.cmoe.cli;

import dev.cmoe.recipe.RecipeLayers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What to carve into, and by which method. */
final class CarvingOptions {
  @Option(
      names = "--experts",
      paramLabel = "SxAyEz",
      description =
          "x shared and y active routed experts of z in all (default: ${bundle:default.experts}).")
  private String experts;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description =
          "fitted, paper, static, static-fitted or random (default: ${bundle:default.preset}).")
  private String preset;

  @Option(
      names = "--k-act",
      paramLabel = "N",
      description =
          "Neurons that the preset 'paper' marks for each token (default:"
              + " ${bundle:default.profile.kAct}).")
  private String kAct;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of all that is drawn at random (default: ${bundle:default.seed}).")
  private String seed;

  @Option(
      names = "--recipe",
      paramLabel = "FILE",
      description = "Read settings from a YAML file; --set and flags override it.")
  private Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Set any key of a recipe, such as router.steps=400. Repeatable.")
  private List<String> sets = new ArrayList<>();

  void addTo(RecipeLayers layers) {
    if (recipe != null) {
      layers.file(recipe);
    }
    sets.forEach(layers::set);
    layers
        .flag("--experts", "experts", experts)
        .flag("--preset", "preset", preset)
        .flag("--k-act", "profile.kAct", kAct)
        .flag("--seed", "seed", seed);
  }
}
