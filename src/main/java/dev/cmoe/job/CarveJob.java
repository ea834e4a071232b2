package dev.cmoe.job;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.calibration.TokenWindows;
import dev.cmoe.carve.CarveRun;
import dev.cmoe.carve.DenseTensors;
import dev.cmoe.carve.ExpertLayout;
import dev.cmoe.carve.LayerPlan;
import dev.cmoe.carve.MoePlan;
import dev.cmoe.carve.OwnFormatWriter;
import dev.cmoe.carve.PlanHeader;
import dev.cmoe.carve.PlanWriter;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.checkpoint.StagedOutput;
import dev.cmoe.export.CarvedSource;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.export.GgufFormat;
import dev.cmoe.export.ModelOutline;
import dev.cmoe.export.Written;
import dev.cmoe.gguf.GgufExport;
import dev.cmoe.nn.Decoder;
import dev.cmoe.recipe.CarveRecipe;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.recipe.Preset;
import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.recipe.ResolvedRecipe;
import dev.cmoe.recipe.RouterSpec;
import dev.cmoe.report.CarveReport;
import dev.cmoe.report.LayerFigures;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code cmoe carve}: everything that can be wrong with the request is found first, then the model
 * is carved into a staged directory, measured and put in place.
 */
public final class CarveJob implements AutoCloseable {
  /** Room for what is not weights, bytes. */
  private static final long SMALL_FILES = 16L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(CarveJob.class);

  private final String model;
  private final ResolvedRecipe resolved;
  private final CarveRecipe recipe;
  private final Optional<MoePlan> plan;
  private final RunMeter meter;
  private final Session session;
  private final Decoder dense;
  private final ExpertLayout layout;
  private final DenseTensors tensors;
  private final MoeShape shape;
  private final Windows windows;
  private final ModelOutline outline;
  private final ExportFormat format;

  /**
   * Opens and checks the inputs.
   *
   * @param planFile a saved plan to apply instead of carving anew
   */
  public CarveJob(
      String model, ResolvedRecipe resolved, Optional<Path> planFile, RunListener listener) {
    this.model = model;
    this.resolved = resolved;
    this.recipe = resolved.recipe();
    Path directory = ModelLocation.resolve(model);
    this.plan = planFile.map(MoePlan::open);
    this.meter = new RunMeter(listener);
    this.session = new Session(recipe.runtime());
    try {
      this.dense = session.open(directory);
    } catch (RuntimeException e) {
      plan.ifPresent(MoePlan::close);
      session.close();
      meter.close();
      throw e;
    }
    try {
      if (dense.moe().isPresent()) {
        throw CmoeException.unsupported(
            directory + ": is already carved (" + dense.moe().get() + "); carve the dense model");
      }
      this.layout =
          plan.map(MoePlan::layout)
              .orElseGet(() -> new ExpertLayout(recipe.experts(), dense.config().intermediate()));
      if (layout.spec().total() > dense.config().intermediate()) {
        throw CmoeException.usage(
            layout.spec()
                + ": "
                + layout.spec().total()
                + " experts are more than the "
                + dense.config().intermediate()
                + " neurons");
      }
      if (layout.sharedWidth() + layout.experts() > dense.config().intermediate()) {
        throw CmoeException.usage(
            layout.spec()
                + ": "
                + dense.config().intermediate()
                + " neurons in slices of "
                + layout.expertWidth()
                + " leave routed experts empty; choose another number of experts");
      }
      // The default may be more than a tiny model has, and then means all.
      boolean chosen = !recipe.profile().equals(RecipeLayers.standard(recipe.preset()).profile());
      if (chosen && recipe.profile().kAct() > dense.config().intermediate()) {
        throw CmoeException.usage(
            "profile.kAct: "
                + recipe.profile().kAct()
                + " is more than the "
                + dense.config().intermediate()
                + " neurons");
      }
      this.tensors = DenseTensors.check(dense.checkpoint(), dense.config());
      plan.ifPresent(
          saved ->
              Fingerprints.require(
                  saved.header(), dense.checkpoint(), dense.config(), planFile.get()));
      this.shape = layout.shape(plan.map(p -> p.header().router()).orElse(routerKind()));
      this.outline =
          new ModelOutline(
              dense.config(),
              shape,
              routerBias(),
              dense.checkpoint().tensor(LayerNames.EMBEDDING).dtype());
      Formats.Choice choice =
          Formats.choose(
              recipe.output().format(),
              outline,
              directory.toString(),
              preset().equals(Preset.FITTED.id()));
      this.format = choice.format();
      this.windows = new Windows(dense, recipe, Session.isBundled(model), plan.isEmpty());
      dense.checkpoint().notes().forEach(meter::note);
      choice.note().ifPresent(meter::note);
      if (format.id() == OutputFormat.GGUF) {
        GgufExport.requireTokenizer(directory);
      }
      if (!tensors.unknown().isEmpty()) {
        meter.warn(
            "tensors that a "
                + dense.config().family()
                + " model does not have are left out: "
                + String.join(", ", tensors.unknown()));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private RouterKind routerKind() {
    return switch (recipe.preset()) {
      case FITTED, RANDOM -> RouterKind.LINEAR;
      case PAPER -> RouterKind.CMOE;
      case STATIC, STATIC_FITTED -> RouterKind.NONE;
    };
  }

  /** Whether the router will have biases; those of a random one are zero. */
  private boolean routerBias() {
    return plan.map(MoePlan::routerBiased)
        .orElse(recipe.preset() == Preset.FITTED && recipe.router().bias());
  }

  /** What the run would do, with sizes, memory and a time estimate; writes nothing. */
  public DryRun dryRun() {
    format.warnings(outline).forEach(meter::warn);
    return plannedRun();
  }

  private DryRun plannedRun() {
    Optional<RouterSpec> router =
        recipe.preset() == Preset.FITTED && plan.isEmpty()
            ? Optional.of(recipe.router())
            : Optional.empty();
    return DryRun.of(
        model, dense, preset(), format, outline, refitted(), layout, tensors, windows, router);
  }

  /**
   * Fails as {@link #run} would for a place that cannot be written.
   *
   * @throws CmoeException of kind BAD_INPUT or RESOURCES
   */
  public void checkPlace(Path output, boolean overwrite) {
    StagedOutput.check(output, overwrite, dense.checkpoint().directory(), bytesNeeded());
  }

  /** Bytes of the output, some for the small files. */
  private long bytesNeeded() {
    long own = DryRun.ownBytes(tensors, dense.config(), shape, layout, refitted());
    long bytes = DryRun.outputBytes(format, outline, own);
    // Another format is written from the own one, which then goes.
    return (format.id() == OutputFormat.CMOE ? bytes : own + bytes) + SMALL_FILES;
  }

  /** Carves into {@code output}. */
  public CarveReport run(Path output, boolean overwrite) {
    Path input = dense.checkpoint().directory();
    boolean direct = format.id() == OutputFormat.CMOE;
    try (StagedOutput staged = StagedOutput.create(output, overwrite, input, bytesNeeded())) {
      DryRun.requireMemory(plannedRun());
      try (Stage stage = Stage.start(meter, "checking weights", "bytes", tensors.bytes())) {
        tensors.checkFinite(stage);
      }
      if (format.id() == OutputFormat.GGUF) {
        // Now, and not when the writer meets it at the end.
        try (Stage stage = Stage.start(meter, "checking range", "bytes", tensors.bytes())) {
          tensors.checkBelow(GgufFormat.TYPE.limit(), GgufFormat.TYPE.label(), stage);
        }
      }
      // What the format costs is said once nothing is left that refuses the input.
      format.warnings(outline).forEach(meter::warn);
      // Another format is made from the own one, which is carved and measured first.
      Path carved = direct ? staged.directory() : staged.scratch();
      OutputFiles files = new OutputFiles(staged.directory(), dense, shape, resolved, format);
      files.writeConfiguration(carved);
      List<LayerFigures> layers = new ArrayList<>();
      SortedMap<String, String> digests =
          writeWeights(carved, files.makeFolder(PlanWriter.FOLDER), layers);
      Optional<Measured> measured = measure(carved);
      Written written =
          direct ? new Written(digests, files.ownElements()) : export(carved, staged.directory());
      ExportJob.checkTensors(format, staged.directory());
      staged.dropScratch();
      CarveReport report = report(output, layers, measured, written);
      files.writeCard(output, report);
      OutputFiles.report(report, staged.directory());
      files.writeManifest(written.digests(), report);
      staged.commit();
      return report;
    }
  }

  private Written export(Path carved, Path directory) {
    try (Checkpoint written = Checkpoint.open(carved)) {
      CarvedSource source = new CarvedSource(written);
      try (Stage stage =
          Stage.start(meter, "writing " + format.id().id(), "bytes", format.bytes(source))) {
        return format.write(source, directory, recipe.output().shardSize().bytes(), stage);
      }
    }
  }

  private String preset() {
    return plan.map(p -> p.header().preset()).orElse(recipe.preset().id());
  }

  private boolean refitted() {
    return plan.map(p -> p.header().refitted()).orElse(recipe.compensation().enabled());
  }

  private SortedMap<String, String> writeWeights(
      Path directory, Path plansTo, List<LayerFigures> layers) {
    DecoderConfig config = dense.config();
    try (OwnFormatWriter writer =
            new OwnFormatWriter(
                directory,
                dense.checkpoint(),
                tensors,
                config,
                shape,
                recipe.output().shardSize().bytes());
        PlanWriter plans =
            new PlanWriter(plansTo, header(), shape, config.feedForward(), tensors.downTypes());
        Stage stage =
            Stage.start(
                meter,
                plan.isPresent() ? "applying the plan" : "carving",
                "layers",
                config.layers())) {
      if (plan.isPresent()) {
        for (int i = 0; i < config.layers(); i++) {
          LayerPlan layer = plan.get().layer(i);
          writer.write(i, layer);
          plans.write(layer);
          layers.add(Figures.applied(i, layer));
          stage.advance(i + 1L, "layer " + i);
        }
      } else {
        new CarveRun(dense, recipe)
            .run(
                windows.calibration(),
                Optional.empty(),
                stage,
                (i, layer, findings) -> {
                  writer.write(i, layer);
                  plans.write(layer);
                  layers.add(Figures.of(i, layer, findings, layout));
                  log(layers.get(i));
                });
        warnOfIdleExperts(layers);
      }
      return writer.finish();
    }
  }

  private static void log(LayerFigures layer) {
    LOG.info(
        "layer {}: reconstruction error {}, captured {} of the oracle's mass, load {}, ridge {}, {} s",
        layer.index(),
        layer.reconstructionError(),
        layer.massCaptured(),
        layer.expertLoad(),
        layer.ridgeStrength(),
        layer.seconds());
  }

  private void warnOfIdleExperts(List<LayerFigures> layers) {
    List<String> idle = new ArrayList<>();
    for (LayerFigures layer : layers) {
      long count = layer.expertLoad().stream().filter(load -> load == 0).count();
      if (count > 0) {
        idle.add(
            "layer " + layer.index() + " (" + count + " of " + layer.expertLoad().size() + ")");
      }
    }
    if (!idle.isEmpty()) {
      meter.warn(
          "no calibration token chooses some of the routed experts; they cost memory and no time: "
              + String.join(", ", idle));
    }
  }

  private PlanHeader header() {
    DecoderConfig config = dense.config();
    return plan.map(MoePlan::header)
        .orElseGet(
            () ->
                new PlanHeader(
                    PlanHeader.SCHEMA,
                    recipe.experts().toString(),
                    recipe.preset().id(),
                    recipe.seed(),
                    shape.router(),
                    config.family(),
                    config.layers(),
                    config.hidden(),
                    config.intermediate(),
                    Fingerprints.of(dense.checkpoint()),
                    refitted()));
  }

  private Optional<Measured> measure(Path carved) {
    if (windows.evaluation().isEmpty()) {
      return Optional.empty();
    }
    TokenWindows text = windows.evaluation().get();
    try (Decoder moe = session.open(carved)) {
      Measured measured = Measured.evaluate(moe, dense, text, meter);
      boolean controls = recipe.evaluation().controls() && plan.isEmpty();
      return Optional.of(
          controls
              ? measured.withControls(
                  new Controls(dense, recipe, windows.calibration(), text, meter))
              : measured);
    }
  }

  private CarveReport report(
      Path output, List<LayerFigures> layers, Optional<Measured> measured, Written written) {
    return new CarveReport(
        output.toString(),
        format.id().id(),
        layout.spec().toString(),
        preset(),
        shape.router() == RouterKind.NONE ? null : shape.router().configName(),
        Figures.model(model, dense.config()),
        plan.isPresent() ? null : windows.calibrationFigures(),
        plan.map(p -> p.header().seed()).orElse(recipe.seed()),
        dense.weights().type().toString(),
        session.engine().threads(),
        Figures.settings(resolved),
        measured.map(m -> m.figures(windows.evaluationName())).orElse(null),
        layers,
        Figures.parameters(dense.config(), shape, written.elements()),
        meter.warnings(),
        meter.cost());
  }

  @Override
  public void close() {
    dense.close();
    plan.ifPresent(MoePlan::close);
    session.close();
    meter.close();
  }
}
