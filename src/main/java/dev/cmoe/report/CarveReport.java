package dev.cmoe.report;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything a finished carve reports. Figures that vary between two equal runs live in {@link
 * #cost} and in {@link LayerFigures#seconds}, and nowhere else.
 *
 * @param output directory the carved model was written to
 * @param format layout of the output, such as {@code cmoe}
 * @param experts the split in {@code SxAyEz} notation
 * @param preset name of the preset, such as {@code fitted}
 * @param router kind of router, such as {@code linear}; null where nothing is routed
 * @param calibration null where a saved plan was applied without calibration
 * @param computeDtype element type the engine computed in
 * @param threads CPU threads of the engine
 * @param settings resolved settings in the order they should be read; may be empty
 * @param perplexity null where the run did not evaluate
 * @param layers in model order
 * @param cost null where time and memory are left out on purpose
 * @param warnings in the order they were raised
 */
public record CarveReport(
    String output,
    String format,
    String experts,
    String preset,
    String router,
    CarvedModel model,
    CalibrationFigures calibration,
    long seed,
    String computeDtype,
    int threads,
    List<RunSetting> settings,
    PerplexityFigures perplexity,
    List<LayerFigures> layers,
    ParameterCounts parameters,
    List<String> warnings,
    RunCost cost)
    implements RunReport {

  /** Value of the {@code schema} field. */
  public static final String SCHEMA = "cmoe.carve/1";

  public CarveReport {
    Objects.requireNonNull(output, "output");
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(experts, "experts");
    Objects.requireNonNull(preset, "preset");
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(parameters, "parameters");
    settings = settings == null ? List.of() : List.copyOf(settings);
    layers = layers == null ? List.of() : List.copyOf(layers);
    warnings = warnings == null ? List.of() : List.copyOf(warnings);
  }

  /** The same report without time and memory: equal for two runs of one recipe. */
  public CarveReport withoutCost() {
    return new CarveReport(
        output,
        format,
        experts,
        preset,
        router,
        model,
        calibration,
        seed,
        computeDtype,
        threads,
        settings,
        perplexity,
        layers.stream().map(LayerFigures::withoutCost).toList(),
        parameters,
        warnings,
        null);
  }

  @Override
  public String schema() {
    return SCHEMA;
  }

  @Override
  public Optional<CarveReport> carving() {
    return Optional.of(this);
  }

  @Override
  public RunFigures figures() {
    return new RunFigures(
        output,
        format,
        experts,
        preset,
        model,
        calibration,
        computeDtype,
        threads,
        settings,
        perplexity,
        null,
        false,
        layers,
        parameters,
        cost);
  }

  @Override
  public CarveReport exported(String directory, String as, long elements, List<String> more) {
    return new CarveReport(
        directory,
        as,
        experts,
        preset,
        router,
        model,
        calibration,
        seed,
        computeDtype,
        threads,
        settings,
        perplexity,
        layers,
        parameters.storing(elements),
        Stream.concat(warnings.stream(), more.stream()).toList(),
        cost);
  }

  /** Whether a router chooses anything; a static control runs the same neurons for every token. */
  boolean routes() {
    return router != null;
  }

  /** What the neurons that do not always run are called. */
  String rest() {
    return routes() ? "routed" : "left out";
  }
}
