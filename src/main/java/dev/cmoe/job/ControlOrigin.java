package dev.cmoe.job;

import dev.cmoe.arch.RouterKind;
import dev.cmoe.carve.MoePlan;
import dev.cmoe.carve.PlanWriter;
import dev.cmoe.nn.Decoder;
import dev.cmoe.recipe.CarveRecipe;
import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.report.CalibrationFigures;
import dev.cmoe.report.RunReport;
import dev.cmoe.run.CmoeException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * By what settings the controls beside a carved directory are carved: those of the directory's own
 * recipe, with calibration text that the user gave in place of it.
 *
 * @param recipe budget, seed and calibration of the controls
 * @param calibration the text they look at
 * @param source where that was found, for a person
 */
record ControlOrigin(CarveRecipe recipe, Windows calibration, String source) {

  /**
   * @throws CmoeException of kind USAGE when the directory does not say how it was carved,
   *     BAD_INPUT when it was carved from another model or its calibration text is gone
   */
  static ControlOrigin of(
      Decoder carved, Decoder dense, boolean bundled, EvalQuestion.ControlCalibration given) {
    Path directory = carved.checkpoint().directory();
    Path file = directory.resolve(OutputFiles.RECIPE);
    boolean known = Files.exists(file);
    if (!known && given.files().isEmpty()) {
      throw CmoeException.usage(
          directory
              + ": has no "
              + OutputFiles.RECIPE
              + ", so by which text it was carved is not known; pass --calibration FILE");
    }
    if (known && given.files().isEmpty() && sawNoText(directory)) {
      throw CmoeException.usage(
          directory
              + ": was carved by a saved plan, so by which text is not known; pass --calibration"
              + " FILE");
    }
    RecipeLayers layers = new RecipeLayers();
    if (known) {
      layers.file(file);
    }
    String experts = budget(carved, dense, directory);
    layers.flag("--controls", "experts", experts);
    layers.flag("--controls", "evaluation.enabled", "false");
    layers.flag(
        "--calibration", "calibration.files", given.files().stream().map(Path::toString).toList());
    CarveRecipe recipe = layers.resolve().recipe();
    for (Path text : recipe.calibration().files()) {
      if (given.files().isEmpty() && !Files.exists(text)) {
        throw CmoeException.badInput(
            file,
            "names the calibration text "
                + text
                + ", which is not there from here; pass --calibration FILE");
      }
    }
    return new ControlOrigin(
        recipe,
        new Windows(dense, recipe, bundled, true),
        given.files().isEmpty() ? "as in " + file : "as given by --calibration");
  }

  CalibrationFigures figures() {
    return calibration.calibrationFigures();
  }

  /** SxAyEz by the plan, or else by the shape; null where only the recipe can tell. */
  private static String budget(Decoder carved, Decoder dense, Path directory) {
    Path file = directory.resolve(PlanWriter.FOLDER).resolve(PlanWriter.JSON_FILE);
    if (Files.exists(file)) {
      try (MoePlan plan = MoePlan.open(file)) {
        Fingerprints.require(plan.header(), dense.checkpoint(), dense.config(), file);
        return plan.header().experts();
      }
    }
    return carved
        .moe()
        .filter(shape -> shape.router() != RouterKind.NONE)
        .map(Object::toString)
        .orElse(null);
  }

  private static boolean sawNoText(Path directory) {
    Path file = directory.resolve(OutputFiles.REPORT);
    return Files.exists(file)
        && RunReport.read(file).carving().filter(carve -> carve.calibration() == null).isPresent();
  }
}
