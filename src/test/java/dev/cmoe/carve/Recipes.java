package dev.cmoe.carve;

import dev.cmoe.calibration.TokenWindows;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.HiddenStates;
import dev.cmoe.recipe.CarveRecipe;
import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Carves of tiny models. */
final class Recipes {
  private Recipes() {}

  /** The recipe of {@code preset} with {@code key=value} settings. */
  static CarveRecipe of(String preset, String... settings) {
    RecipeLayers layers = new RecipeLayers().flag("--preset", "preset", preset);
    for (String setting : settings) {
      layers.set(setting);
    }
    return layers.resolve().recipe();
  }

  /** What was decided for each layer, and what was measured. */
  record Carved(ExpertLayout layout, List<LayerPlan> plans, List<LayerFindings> findings) {}

  static Carved carve(
      Decoder dense, CarveRecipe recipe, TokenWindows calibration, Optional<HiddenStates> follow) {
    CarveRun run = new CarveRun(dense, recipe);
    List<LayerPlan> plans = new ArrayList<>();
    List<LayerFindings> findings = new ArrayList<>();
    try (Stage stage =
        Stage.start(RunListener.SILENT, "carving", "layers", dense.config().layers())) {
      run.run(
          calibration,
          follow,
          stage,
          (layer, plan, found) -> {
            plans.add(plan);
            findings.add(found);
          });
    }
    return new Carved(run.layout(), plans, findings);
  }
}
