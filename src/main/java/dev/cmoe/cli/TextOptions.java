package dev.cmoe.cli;

import dev.cmoe.recipe.RecipeLayers;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The text that carving looks at, and the text that its result is measured on. */
final class TextOptions {
  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "Text to carve by: plain, or JSON lines with a 'text' field. Repeatable (default: the"
              + " text that comes with cmoe).")
  private List<String> calibration = new ArrayList<>();

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "Windows of calibration text (default: as many tokens as 8 windows of 2048).")
  private String samples;

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens a window (default: the model's context, at most 2048).")
  private String window;

  @Option(
      names = "--eval-text",
      paramLabel = "FILE",
      description =
          "Text to measure perplexity on. Repeatable (default: the text that comes with cmoe).")
  private List<String> evalText = new ArrayList<>();

  @Option(
      names = "--no-controls",
      description = "Do not measure static, static-fitted and random beside the result.")
  private boolean noControls;

  @Option(names = "--no-eval", description = "Measure nothing.")
  private boolean noEval;

  void addTo(RecipeLayers layers) {
    layers
        .flag("--calibration", "calibration.files", calibration)
        .flag("--samples", "calibration.samples", samples)
        .flag("--window", "calibration.window", window)
        .flag("--eval-text", "evaluation.files", evalText)
        .flag("--no-controls", "evaluation.controls", noControls ? "false" : null)
        .flag("--no-eval", "evaluation.enabled", noEval ? "false" : null);
  }
}
