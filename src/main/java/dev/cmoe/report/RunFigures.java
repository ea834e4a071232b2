package dev.cmoe.report;

import java.util.List;
import java.util.Objects;

/**
 * What runs are compared by, whichever command ran.
 *
 * @param preset by which the experts were chosen; null where that is not known
 * @param calibration text that the carve looked at; null where none is known
 * @param perplexity of the model as the run left it; null where it was not measured
 * @param before perplexity on the same text before fine-tuning; null without
 * @param fineTuned whether the model was trained after it was carved
 * @param layers what was measured of the model's layers; figures that training made void are null
 * @param cost null where time and memory are not known
 */
public record RunFigures(
    String output,
    String format,
    String experts,
    String preset,
    CarvedModel model,
    CalibrationFigures calibration,
    String computeDtype,
    int threads,
    List<RunSetting> settings,
    PerplexityFigures perplexity,
    Double before,
    boolean fineTuned,
    List<LayerFigures> layers,
    ParameterCounts parameters,
    RunCost cost) {
  public RunFigures {
    settings = List.copyOf(settings);
    layers = List.copyOf(layers);
  }

  /** How the model came about, in few words. */
  public String method() {
    String name = Objects.requireNonNullElse(preset, "carved");
    return fineTuned ? name + ", fine-tuned" : name;
  }
}
