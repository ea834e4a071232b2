package dev.cmoe.job;

import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.NativeOrigin;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.carve.DenseTensors;
import dev.cmoe.carve.MoePlan;
import dev.cmoe.carve.PlanHeader;
import dev.cmoe.carve.PlanWriter;
import dev.cmoe.carve.PlannedModel;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.Manifest;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.checkpoint.NonFinite;
import dev.cmoe.checkpoint.OwnModel;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.export.CarvedSource;
import dev.cmoe.export.CmoeFormat;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.export.GgufFormat;
import dev.cmoe.export.NativeTensors;
import dev.cmoe.export.SafetensorsFormat;
import dev.cmoe.gguf.GgufCheck;
import dev.cmoe.gguf.GgufFile;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code cmoe verify}: whether an output of ours is what it must be. */
public final class VerifyJob {
  private final Path place;
  private final Optional<String> against;
  private final Optional<Path> planFile;
  private final RuntimeSpec runtime;
  private final RunListener listener;
  private final Verification.Checks checks = new Verification.Checks();

  private VerifyJob(
      Path place,
      Optional<String> against,
      Optional<Path> planFile,
      RuntimeSpec runtime,
      RunListener listener) {
    this.place = place;
    this.against = against;
    this.planFile = planFile;
    this.runtime = runtime;
    this.listener = listener;
  }

  /**
   * @param model a directory, a GGUF file, or {@code demo}
   * @param against the dense model that it was carved from
   * @param plan of the carve; empty for the one in the directory
   * @throws CmoeException when it cannot be opened at all
   */
  public static Verification run(
      String model,
      Optional<String> against,
      Optional<Path> plan,
      RuntimeSpec runtime,
      RunListener listener) {
    // A GGUF output is a file.
    Path place =
        model.endsWith(".gguf") && Files.isRegularFile(Path.of(model))
            ? Path.of(model)
            : ModelLocation.resolve(model);
    Path beside = place.resolve(PlanWriter.FOLDER).resolve(PlanWriter.JSON_FILE);
    Optional<Path> used = plan.or(() -> Optional.of(beside).filter(Files::exists));
    plan.ifPresent(file -> MoePlan.open(file).close());
    against.ifPresent(VerifyJob::requireDense);
    VerifyJob job = new VerifyJob(place, against, used, runtime, listener);
    Optional<Path> file = ggufFile(place);
    String format = file.isPresent() ? job.gguf(file.get()) : job.directory();
    job.files();
    return new Verification(place, format, job.checks.list());
  }

  private static void requireDense(String name) {
    Path directory = ModelLocation.resolve(name);
    try (Checkpoint dense = Checkpoint.open(directory)) {
      ConfigReader reader = new ConfigReader(directory.resolve("config.json"), dense.config());
      if (OwnLayout.matches(reader) || NativeOrigin.present(reader)) {
        throw CmoeException.usage(
            "--against: " + directory + " is carved itself; name the dense model");
      }
    }
  }

  /** The files against the digests of the manifest. */
  private void files() {
    if (!Files.exists(place.resolve(Manifest.FILE))) {
      return;
    }
    checks.make(
        "files",
        () -> {
          Manifest manifest = Manifest.read(place);
          try (Stage stage = Stage.start(listener, "checking files", "bytes", manifest.bytes())) {
            return manifest.requireFiles(place, stage) + " files as the manifest has them";
          }
        });
  }

  /** A GGUF file, or the only one of a directory without a configuration. */
  private static Optional<Path> ggufFile(Path place) {
    if (Files.isRegularFile(place)) {
      return Optional.of(place);
    }
    if (!Files.isDirectory(place) || Files.exists(place.resolve("config.json"))) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(place)) {
      List<Path> found =
          files.filter(file -> file.getFileName().toString().endsWith(".gguf")).toList();
      return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
    } catch (IOException e) {
      throw CmoeException.badInput(place, "cannot be listed (" + e.getMessage() + ")");
    }
  }

  private String gguf(Path file) {
    try (GgufFile opened = GgufFile.open(file)) {
      checks.make(
          "tensors, numbers, tokenizer",
          () -> {
            List<String> problems = GgufCheck.problems(opened);
            if (!problems.isEmpty()) {
              throw CmoeException.verification(
                  problems.get(0)
                      + (problems.size() > 1 ? " (and " + (problems.size() - 1) + " more)" : ""));
            }
            return opened.tensors().size() + " tensors as llama.cpp wants them, all numbers finite";
          });
      withPlan(
          plan -> GgufCheck.requireShape(opened, plan.header().layers(), plan.shape()),
          plan ->
              rebuilt(
                  plan,
                  opened.tensorBytes(),
                  (source, stage) -> GgufFormat.requireSame(source, opened, stage)));
      if (against.isPresent()) {
        checks.leaveOut("all experts on", "cmoe does not run GGUF");
      }
    }
    return OutputFormat.GGUF.id();
  }

  private String directory() {
    try (Checkpoint checkpoint = Checkpoint.open(place)) {
      ConfigReader config = new ConfigReader(place.resolve("config.json"), checkpoint.config());
      if (NativeOrigin.present(config)) {
        return carved(checkpoint, config, Formats.of(config), ModelDescription.source(config));
      }
      if (OwnLayout.matches(config)) {
        return carved(checkpoint, config, new CmoeFormat(), ModelDescription.read(config));
      }
      DecoderConfig dense = ModelDescription.read(config).config();
      checks.make("tensors", () -> found(checkpoint, () -> DenseTensors.check(checkpoint, dense)));
      checks.make("numbers", () -> numbers(checkpoint));
      if (against.isPresent()) {
        checks.leaveOut("dense model", "this is a dense model, nothing was carved");
      }
      return "dense";
    }
  }

  private String carved(
      Checkpoint checkpoint,
      ConfigReader config,
      SafetensorsFormat format,
      ModelDescription model) {
    boolean own = format.id() == OutputFormat.CMOE;
    checks.make(
        "tensors",
        () ->
            found(
                checkpoint,
                () -> {
                  if (own) {
                    new OwnModel(checkpoint);
                  } else {
                    NativeTensors.check(checkpoint);
                  }
                }));
    if (!own) {
      checks.make(
          "configuration",
          () -> {
            format.requireConfiguration(config.file(), checkpoint.config());
            return "as cmoe wrote it for " + model.moe().orElseThrow();
          });
    }
    checks.make("numbers", () -> numbers(checkpoint));
    withPlan(
        plan -> requireOf(plan, model),
        plan ->
            rebuilt(
                plan,
                checkpoint.weightBytes(),
                (source, stage) -> format.requireSame(source, checkpoint, stage)));
    against.ifPresent(dense -> allExperts(dense, format));
    return format.id().id();
  }

  private static String found(Checkpoint checkpoint, Runnable check) {
    check.run();
    return checkpoint.names().size()
        + " tensors, all that the layout needs in their shapes and types, and no others";
  }

  private String numbers(Checkpoint checkpoint) {
    try (Stage stage =
        Stage.start(listener, "checking numbers", "bytes", checkpoint.weightBytes())) {
      long done = 0;
      for (String name : checkpoint.names()) {
        StoredTensor tensor = checkpoint.tensor(name);
        NonFinite.check(tensor);
        done += tensor.info().bytes();
        stage.advance(done, name);
      }
    }
    return "all finite";
  }

  @FunctionalInterface
  private interface PlanCheck {
    void require(MoePlan plan);
  }

  @FunctionalInterface
  private interface Comparison {
    void require(CarvedSource source, Stage stage);
  }

  /**
   * Checks the plan, and then what needs one.
   *
   * @param of fails for a plan of another model
   */
  private void withPlan(PlanCheck of, PlanCheck next) {
    if (planFile.isEmpty()) {
      String why = "there is no plan beside the weights; --plan names one";
      checks.leaveOut("partition", why);
      if (against.isPresent()) {
        checks.leaveOut("weights of the dense model", why);
      }
      return;
    }
    Path file = planFile.get();
    checks.make(
        "partition",
        () -> {
          try (MoePlan plan = MoePlan.open(file)) {
            of.require(plan);
            for (int i = 0; i < plan.header().layers(); i++) {
              plan.layer(i);
            }
          }
          return "every neuron of every layer is shared or in one expert";
        });
    if (against.isPresent()) {
      checks.make(
          "weights of the dense model",
          () -> {
            try (MoePlan plan = MoePlan.open(file)) {
              next.require(plan);
              return plan.header().refitted()
                  ? "every tensor is the dense model's or the plan's; down-projections are the refitted ones"
                  : "every tensor is the dense model's, in the order of the plan, or the plan's";
            }
          });
    }
  }

  private static void requireOf(MoePlan plan, ModelDescription model) {
    PlanHeader header = plan.header();
    DecoderConfig config = model.config();
    MoeShape shape = model.moe().orElseThrow();
    boolean same =
        header.layers() == config.layers()
            && header.hidden() == config.hidden()
            && header.intermediate() == config.intermediate()
            && header.family().equals(config.family())
            && shape.equals(plan.shape());
    if (!same) {
      throw CmoeException.verification(
          "the plan is for %d layers of %d x %d of %s as %s with router %s, the model is another"
              .formatted(
                  header.layers(),
                  header.hidden(),
                  header.intermediate(),
                  header.family(),
                  header.experts(),
                  header.router().configName()));
    }
  }

  /** Compares with what the plan makes of the dense model. */
  private void rebuilt(MoePlan plan, long bytes, Comparison comparison) {
    Path directory = ModelLocation.resolve(against.orElseThrow());
    try (Checkpoint dense = Checkpoint.open(directory)) {
      ConfigReader reader = new ConfigReader(directory.resolve("config.json"), dense.config());
      ModelDescription model = ModelDescription.read(reader);
      Fingerprints.require(plan.header(), dense, model.config(), plan.file());
      try (Stage stage = Stage.start(listener, "comparing weights", "bytes", bytes)) {
        CarvedSource source = new CarvedSource(PlannedModel.of(dense, model.config(), plan));
        comparison.require(source, stage);
      }
    }
  }

  private void allExperts(String dense, ExportFormat format) {
    String check = "all experts on";
    if (format.id() != OutputFormat.CMOE && format.id() != OutputFormat.GLM4_MOE) {
      checks.leaveOut(check, "this format is written and not run");
    } else if (planFile.isEmpty()) {
      allExpertsWithoutPlan(dense);
    } else if (refitted(planFile.get())) {
      checks.leaveOut(
          check,
          "the down-projections were refitted, so all experts together are not the dense block");
    } else {
      checks.make(check, () -> AllExperts.compare(place, ModelLocation.resolve(dense), runtime));
    }
  }

  /** Equal logits say what they always say; other ones may come from a refit. */
  private void allExpertsWithoutPlan(String dense) {
    String check = "all experts on";
    try {
      String found = AllExperts.compare(place, ModelLocation.resolve(dense), runtime);
      checks.make(check, () -> found);
    } catch (CmoeException e) {
      checks.leaveOut(check, e.getMessage() + "; without a plan nobody can tell that from a refit");
    }
  }

  private static boolean refitted(Path file) {
    try (MoePlan plan = MoePlan.open(file)) {
      return plan.header().refitted();
    } catch (CmoeException e) {
      // That is said by the check of the partition.
      return false;
    }
  }
}
