package dev.cmoe.job;

import dev.cmoe.calibration.TextFiles;
import dev.cmoe.calibration.TokenWindows;
import dev.cmoe.checkpoint.Tokenizer;
import dev.cmoe.nn.Decoder;
import dev.cmoe.recipe.CarveRecipe;
import dev.cmoe.report.CalibrationFigures;
import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The texts of a carve, tokenised: what it is fitted to and what it is measured on. */
final class Windows {
  /** Default tokens of calibration: 8 windows of 2048 (design, section 8). */
  private static final int CALIBRATION_TOKENS = 8 * 2048;

  private static final int LONGEST_DEFAULT = 2048;

  private final TextFiles calibrationText;
  private final TokenWindows calibration;
  private final TextFiles evaluationText;
  private final Optional<TokenWindows> evaluation;

  /**
   * @param needsCalibration whether the run will look at calibration text at all
   */
  Windows(Decoder dense, CarveRecipe recipe, boolean bundled, boolean needsCalibration) {
    Tokenizer tokenizer = dense.checkpoint().tokenizer();
    int context = dense.config().context();
    int length = recipe.calibration().window().orElse(defaultLength(dense));
    if (length > context) {
      throw CmoeException.usage(
          "--window " + length + " is longer than the model's context of " + context);
    }
    int samples = recipe.calibration().samples().orElse(Math.max(1, CALIBRATION_TOKENS / length));
    calibrationText =
        recipe.calibration().files().isEmpty()
            ? TextFiles.defaultCalibration(bundled)
            : TextFiles.read(recipe.calibration().files());
    calibration =
        needsCalibration
            ? TokenWindows.evenlySpaced(
                calibrationText.encode(tokenizer), length, samples, calibrationText.names())
            : null;
    evaluationText = evaluationText(recipe.evaluation().files(), bundled);
    evaluation =
        recipe.evaluation().enabled()
            ? Optional.of(
                TokenWindows.consecutive(
                    evaluationText.encode(tokenizer),
                    length,
                    recipe.evaluation().maxWindows().orElse(Integer.MAX_VALUE),
                    evaluationText.names()))
            : Optional.empty();
  }

  /** The window of perplexity and calibration when none is asked for: the context, at most 2048. */
  static int defaultLength(Decoder model) {
    return Math.min(LONGEST_DEFAULT, model.config().context());
  }

  static TextFiles evaluationText(List<Path> files, boolean bundled) {
    return files.isEmpty() ? TextFiles.defaultEvaluation(bundled) : TextFiles.read(files);
  }

  TokenWindows calibration() {
    return calibration;
  }

  CalibrationFigures calibrationFigures() {
    return new CalibrationFigures(
        calibrationText.nameList(),
        calibration.tokens(),
        calibration.windows().size(),
        calibration.length());
  }

  String calibrationName() {
    return calibrationText.names();
  }

  Optional<TokenWindows> evaluation() {
    return evaluation;
  }

  String evaluationName() {
    return evaluationText.names();
  }
}
