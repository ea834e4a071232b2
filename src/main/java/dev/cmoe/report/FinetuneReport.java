package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything a finished fine-tuning reports, and what was reported of its input. Figures that vary
 * between two equal runs live in {@link #time} and {@link #cost}, and nowhere else.
 *
 * @param perplexity null where nothing was held out
 * @param expertLoad null where nothing was held out
 * @param modelParameters of the model; {@link TrainingExtent#parameters} are those trained
 * @param warnings in the order they were raised
 * @param cost null where time and memory are left out on purpose
 * @param earlier fine-tunings before this one, the latest first, without what they came from
 * @param carve how the model was carved; null where its directory did not tell
 */
public record FinetuneReport(
    FinetuneSetup setup,
    TrainingExtent extent,
    FinetunePerplexity perplexity,
    ExpertLoads expertLoad,
    TrainingCurve curve,
    ParameterCounts modelParameters,
    TrainingTime time,
    List<String> warnings,
    RunCost cost,
    List<FinetuneReport> earlier,
    CarveReport carve)
    implements RunReport {
  public static final String SCHEMA = "cmoe.finetune/1";

  public FinetuneReport {
    Objects.requireNonNull(setup, "setup");
    Objects.requireNonNull(extent, "extent");
    Objects.requireNonNull(curve, "curve");
    Objects.requireNonNull(modelParameters, "modelParameters");
    warnings = warnings == null ? List.of() : List.copyOf(warnings);
    earlier = earlier == null ? List.of() : List.copyOf(earlier);
  }

  /** The same with all that was reported of the model it began with. */
  public FinetuneReport after(RunReport input) {
    List<FinetuneReport> before = new ArrayList<>();
    if (input instanceof FinetuneReport tuned) {
      before.add(tuned.alone());
      before.addAll(tuned.earlier());
    }
    return with(before, input.carving().orElse(null));
  }

  /** The same without what was reported before it. */
  private FinetuneReport alone() {
    return with(List.of(), null);
  }

  private FinetuneReport with(List<FinetuneReport> before, CarveReport carved) {
    return new FinetuneReport(
        setup,
        extent,
        perplexity,
        expertLoad,
        curve,
        modelParameters,
        time,
        warnings,
        cost,
        before,
        carved);
  }

  @Override
  public String schema() {
    return SCHEMA;
  }

  @Override
  public String output() {
    return setup.output();
  }

  @Override
  public Optional<CarveReport> carving() {
    return Optional.ofNullable(carve);
  }

  @Override
  public FinetuneReport exported(String directory, String as, long elements, List<String> more) {
    return new FinetuneReport(
        setup.writtenTo(directory, as),
        extent,
        perplexity,
        expertLoad,
        curve,
        modelParameters.storing(elements),
        time,
        Stream.concat(warnings.stream(), more.stream()).toList(),
        cost,
        earlier,
        carve);
  }

  @Override
  public RunFigures figures() {
    List<RunSetting> settings = new ArrayList<>(carve == null ? List.of() : carve.settings());
    setup
        .settings()
        .forEach(
            setting ->
                settings.add(
                    new RunSetting(
                        "finetune." + setting.name(), setting.value(), setting.origin())));
    return new RunFigures(
        setup.output(),
        setup.format(),
        setup.experts(),
        setup.preset(),
        setup.model(),
        carve == null ? null : carve.calibration(),
        setup.computeDtype(),
        setup.threads(),
        settings,
        perplexity == null
            ? null
            : new PerplexityFigures(
                perplexity.dense(),
                perplexity.after(),
                null,
                null,
                null,
                perplexity.tokens(),
                "held-out parts of " + perplexity.text(),
                perplexity.window(),
                null,
                null,
                null),
        perplexity == null ? null : perplexity.before(),
        true,
        layers(),
        modelParameters,
        cost);
  }

  /** Of what the carve measured only the split still holds, and loads were measured anew. */
  private List<LayerFigures> layers() {
    List<LayerFigures> layers = new ArrayList<>();
    List<LayerLoad> loads = expertLoad == null ? List.of() : expertLoad.sharesAfter();
    for (LayerLoad load : loads) {
      layers.add(
          new LayerFigures(
              load.index(),
              null,
              null,
              null,
              null,
              null,
              0,
              0,
              load.shares(),
              null,
              null,
              null,
              null));
    }
    return layers;
  }
}
