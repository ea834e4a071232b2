package dev.cmoe.job;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.arch.TensorLayout;
import dev.cmoe.calibration.TextFiles;
import dev.cmoe.calibration.TokenWindows;
import dev.cmoe.checkpoint.ModelCard;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.checkpoint.StagedOutput;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.export.CarvedSource;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.export.ModelOutline;
import dev.cmoe.export.Written;
import dev.cmoe.finetune.MemoryEstimate;
import dev.cmoe.finetune.TrainedKind;
import dev.cmoe.finetune.Trainer;
import dev.cmoe.finetune.TrainingSpec;
import dev.cmoe.finetune.TrainingState;
import dev.cmoe.finetune.TrainingText;
import dev.cmoe.nn.Decoder;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.recipe.OutputSpec;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.report.FinetuneReport;
import dev.cmoe.report.FinetuneSetup;
import dev.cmoe.report.RunReport;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import dev.cmoe.run.Versions;
import dev.cmoe.safetensors.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code cmoe finetune}: everything that can be wrong with the request is found first, then the
 * model is trained, and merged into a staged directory that is put in place.
 */
public final class FinetuneJob implements AutoCloseable {
  /** The folder of the output with what PEFT loads. */
  static final String ADAPTER = "adapter";

  /** Kinds by which routers get biases. */
  private static final Set<TrainedKind> BIASED = EnumSet.of(TrainedKind.ROUTER, TrainedKind.BIAS);

  /** Room for what is not weights, bytes. */
  private static final long SMALL_FILES = 16L << 20;

  /** Tokens that go through the model at a time when nobody says otherwise. */
  private static final int MICRO_TOKENS = 4096;

  private final String model;
  private final FinetuneSettings settings;
  private final OutputSpec form;
  private final RunMeter meter;
  private final Session session;
  private final Decoder student;
  private final ModelOutline carved;
  private final Optional<Decoder> teacher;
  private final TrainingText text;
  private final TrainingSpec spec;
  private final ExportFormat format;
  private final String source;
  private final String fingerprint;
  private final Optional<RunReport> before;

  /**
   * What a run would do.
   *
   * @param parameters that are trained
   * @param trainingWindows distinct ones that steps see
   * @param peakBytes of memory that is no mapped file
   */
  public record Plan(
      String model,
      String experts,
      String format,
      Set<TrainedKind> kinds,
      long parameters,
      long steps,
      long tokens,
      int window,
      int trainingWindows,
      int heldOutWindows,
      long peakBytes) {}

  /** What a run did. */
  public record Result(Plan plan, FinetuneReport report) {}

  /** Opens and checks the inputs. */
  public FinetuneJob(
      String model,
      FinetuneSettings settings,
      OutputSpec form,
      RuntimeSpec runtime,
      RunListener listener) {
    this.model = model;
    this.settings = settings;
    this.form = form;
    this.meter = new RunMeter(listener);
    Path directory = ModelLocation.resolve(model);
    this.session = Session.forGradients(runtime);
    Decoder opened = null;
    Optional<Decoder> dense = Optional.empty();
    try {
      opened = session.openOriginal(directory);
      requireTrainable(opened, directory);
      dense = settings.teacher().map(session::open);
      dense.ifPresent(other -> checkTeacher(other, directory));
      this.student = opened;
      this.teacher = dense;
      teacher.ifPresent(other -> SameVocabulary.require(student, other, "--teacher", meter));
      teacher.ifPresent(other -> requireShape(other, student));
      this.carved = new CarvedSource(student.tensors()).outline();
      OutputFormat asked = outputFormat();
      Set<TrainedKind> kinds = settings.kinds().orElseGet(() -> suitable(asked));
      this.format = format(asked, kinds, directory);
      int window = settings.window().orElse(defaultWindow());
      Windows.requireFits(window, student);
      teacher.ifPresent(other -> Windows.requireFits(window, other));
      TextFiles files =
          settings.data().isEmpty()
              ? TextFiles.defaultCalibration(Session.isOfBundled(directory))
              : TextFiles.read(settings.data());
      this.source = files.names();
      List<int[]> windows =
          TokenWindows.consecutive(
                  files.encode(student.checkpoint().tokenizer()),
                  window,
                  Integer.MAX_VALUE,
                  files.sources())
              .windows();
      this.text =
          TrainingText.split(windows, settings.heldOut(), settings.samples(), files.sources());
      this.spec = spec(kinds, window);
      this.fingerprint = fingerprint();
      MemoryEstimate.requireParameters(student, spec);
      this.before = reported(directory);
    } catch (RuntimeException e) {
      dense.ifPresent(Decoder::close);
      if (opened != null) {
        opened.close();
      }
      session.close();
      meter.close();
      throw e;
    }
  }

  private static void requireTrainable(Decoder model, Path directory) {
    if (model.layout() == TensorLayout.DENSE) {
      throw CmoeException.unsupported(
          directory + ": is dense; carve it first: fine-tuning recovers what carving lost");
    }
  }

  private static void checkTeacher(Decoder teacher, Path student) {
    if (teacher.moe().isPresent()) {
      throw CmoeException.usage(
          "--teacher "
              + teacher.checkpoint().directory()
              + ": is carved; it takes the dense model that "
              + student
              + " was carved from");
    }
  }

  private static void requireShape(Decoder teacher, Decoder student) {
    String wanted = shape(student.config());
    String found = shape(teacher.config());
    if (!found.equals(wanted)) {
      throw CmoeException.badInput(
          "--teacher "
              + teacher.checkpoint().directory()
              + ": has "
              + found
              + ", and what "
              + student.checkpoint().directory()
              + " was carved from had "
              + wanted
              + "; it takes that dense model");
    }
  }

  private static String shape(DecoderConfig config) {
    return "%d layers, hidden size %d, %d neurons"
        .formatted(config.layers(), config.hidden(), config.intermediate());
  }

  /** What is asked for, and otherwise the format that the model is in. */
  private OutputFormat outputFormat() {
    if (form.format() == OutputFormat.GGUF) {
      throw CmoeException.usage(
          "--format gguf: fine-tune into the format cmoe, then cmoe export --format gguf");
    }
    return form.format() == OutputFormat.AUTO
        ? Formats.of(student.checkpoint()).id()
        : form.format();
  }

  /**
   * Gate scales only where the method has them: no native format holds them. Routers and their
   * biases only where the format holds biases.
   */
  private Set<TrainedKind> suitable(OutputFormat asked) {
    RouterKind router = student.moe().map(MoeShape::router).orElse(RouterKind.NONE);
    return switch (router) {
      case LINEAR -> {
        Set<TrainedKind> all = EnumSet.of(TrainedKind.LORA, TrainedKind.ROUTER, TrainedKind.BIAS);
        Set<TrainedKind> some = EnumSet.of(TrainedKind.LORA);
        if (onlyBiasesPrevent(asked, all)) {
          meter.note(
              "format %s holds no router biases, so only lora is trained; with --format cmoe routers are, too"
                  .formatted(asked.id()));
          yield some;
        }
        yield all;
      }
      case CMOE -> EnumSet.of(TrainedKind.LORA, TrainedKind.GATES, TrainedKind.BIAS);
      case NONE -> EnumSet.of(TrainedKind.LORA);
    };
  }

  /** Whether a format holds the model, but not with the biases that training gives its routers. */
  private boolean onlyBiasesPrevent(OutputFormat asked, Set<TrainedKind> kinds) {
    Set<TrainedKind> others = EnumSet.copyOf(kinds);
    others.removeAll(BIASED);
    ExportFormat format = Formats.named(asked);
    return format.refusal(outline(kinds)).isPresent() && format.refusal(outline(others)).isEmpty();
  }

  /** The model as training {@code kinds} leaves it. */
  private ModelOutline outline(Set<TrainedKind> kinds) {
    MoeShape shape = carved.shape();
    boolean biased = carved.routerBias() || kinds.stream().anyMatch(BIASED::contains);
    return new ModelOutline(
        carved.config(),
        shape.withGateScales(shape.gateScaled() || kinds.contains(TrainedKind.GATES)),
        biased && shape.router() == RouterKind.LINEAR,
        carved.weights());
  }

  private ExportFormat format(OutputFormat asked, Set<TrainedKind> kinds, Path directory) {
    if (onlyBiasesPrevent(asked, kinds)) {
      throw CmoeException.unsupported(
          "%s: format %s cannot hold the router biases that --train router and bias give; train without them, or write --format cmoe"
              .formatted(directory, asked.id()));
    }
    return Formats.choose(asked, outline(kinds), directory.toString(), true).format();
  }

  private int defaultWindow() {
    return Math.min(
        Windows.defaultLength(student),
        teacher.map(Windows::defaultLength).orElse(Integer.MAX_VALUE));
  }

  private TrainingSpec spec(Set<TrainedKind> kinds, int window) {
    long steps = Math.max(1, (long) text.training().size() * settings.epochs() / settings.batch());
    int micro =
        settings
            .microBatch()
            .orElse(Math.max(1, Math.min(settings.batch(), MICRO_TOKENS / window)));
    return new TrainingSpec(
        kinds,
        settings.lora(),
        settings.optimizer(),
        settings.balance(),
        settings.distillation(),
        steps,
        settings.batch(),
        micro,
        settings.evaluateEvery(),
        settings.saveEvery(),
        settings.skips(),
        settings.seed());
  }

  /** A report that cannot be read is no reason not to train, but the new one begins anew. */
  private Optional<RunReport> reported(Path directory) {
    Path file = directory.resolve(OutputFiles.REPORT);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(RunReport.read(file));
    } catch (CmoeException e) {
      meter.warn(e.getMessage() + "; the new report says nothing of the carve");
      return Optional.empty();
    }
  }

  /** Of all that decides what a step does, the machine's part included. */
  private String fingerprint() {
    Sha256 digest = new Sha256();
    StringBuilder all = new StringBuilder();
    all.append(Fingerprints.of(student.checkpoint())).append('\n');
    all.append(student.checkpoint().config()).append('\n');
    teacher.ifPresent(other -> all.append(Fingerprints.of(other.checkpoint())).append('\n'));
    all.append(spec).append('\n');
    all.append(student.weights().type()).append(' ').append(session.engine().threads());
    all.append(' ').append(session.engine().device()).append(' ').append(Versions.current());
    digest.update(ByteBuffer.wrap(all.toString().getBytes(StandardCharsets.UTF_8)));
    for (List<int[]> windows : List.of(text.training(), text.heldOut())) {
      for (int[] window : windows) {
        ByteBuffer ids = ByteBuffer.allocate(4 * window.length);
        ids.asIntBuffer().put(window);
        digest.update(ids);
      }
    }
    return digest.hex();
  }

  /** What {@link #run} would do; writes nothing. */
  public Plan plan() {
    requireWritten();
    return planned();
  }

  /** What takes reading all of the model, after all that does not. */
  private void requireWritten() {
    Formats.requireWritten(student.tensors(), student.checkpoint(), meter);
  }

  private Plan planned() {
    return new Plan(
        model,
        student.moe().orElseThrow().toString(),
        format.id().id(),
        spec.kinds(),
        MemoryEstimate.parameters(student, spec),
        spec.steps(),
        spec.steps() * spec.batch() * text.length(),
        text.length(),
        // What does not fill a last batch is left over.
        (int) Math.min(text.training().size(), spec.steps() * spec.batch()),
        text.heldOut().size(),
        ProcessMemory.now().anonymous()
            + MemoryEstimate.bytes(student, teacher, spec, text.length()));
  }

  /**
   * Fails as {@link #run} would for a place that cannot be written, or with the state of an
   * unfinished run beside it that is not to be resumed.
   */
  public void checkPlace(Path output, boolean overwrite, boolean resume) {
    StagedOutput.check(output, overwrite, student.checkpoint().directory(), bytesNeeded());
    if (stateAt(output).exists() && !resume) {
      throw CmoeException.badInput(
          stateOf(output),
          "is the state of a run that did not end; pass --resume to go on with it, or delete it");
    }
  }

  private TrainingState stateAt(Path output) {
    return new TrainingState(stateOf(output), fingerprint);
  }

  private long bytesNeeded() {
    long adapters = 4 * MemoryEstimate.parameters(student, spec);
    return 2 * student.checkpoint().weightBytes() + 4 * adapters + SMALL_FILES;
  }

  /** Where the state of an unfinished run lies: beside the output. */
  static Path stateOf(Path output) {
    Path absolute = output.toAbsolutePath().normalize();
    return absolute.resolveSibling(absolute.getFileName() + ".training");
  }

  /**
   * Trains, and writes {@code output}.
   *
   * @param resume goes on from the state of an unfinished run, where there is one
   */
  public Result run(Path output, boolean overwrite, boolean resume) {
    checkPlace(output, overwrite, resume);
    session.requireMemory(
        model,
        MemoryEstimate.bytes(student, teacher, spec, text.length()),
        "give a smaller --micro-batch or --window");
    requireWritten();
    Plan plan = planned();
    TrainingState state = stateAt(output);
    try (Trainer trainer = new Trainer(student, teacher, spec, text, meter)) {
      Result result = write(plan, output, overwrite, trainer, trainer.run(state));
      state.delete();
      return result;
    }
  }

  private Result write(
      Plan plan, Path output, boolean overwrite, Trainer trainer, Trainer.Result trained) {
    Path input = student.checkpoint().directory();
    try (StagedOutput staged = StagedOutput.create(output, overwrite, input, bytesNeeded())) {
      TensorStore tuned = trainer.merged();
      CarvedSource merged = new CarvedSource(tuned);
      Written written;
      try (Stage stage =
          Stage.start(meter, "writing " + format.id().id(), "bytes", format.bytes(merged))) {
        written = format.write(merged, staged.directory(), form.shardSize().bytes(), stage);
      }
      ExportJob.checkTensors(format, staged.directory());
      adapter(trainer, tuned, staged.directory());
      FinetuneReport report = report(plan, output, trained, merged.shape(), written);
      OutputFiles.report(report, staged.directory());
      OutputFiles.card(output, report, ModelCard.licenseOf(input), format.remoteCode())
          .write(staged.directory());
      DerivedManifest.of(student.checkpoint())
          .section("finetune", settled())
          .seed(spec.seed())
          .cost(report.cost())
          .write(format, written, staged.directory());
      staged.commit();
      return new Result(plan, report);
    } catch (IOException e) {
      throw CmoeException.resources(output + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  private void adapter(Trainer trainer, TensorStore tuned, Path directory) throws IOException {
    if (!spec.kinds().contains(TrainedKind.LORA)) {
      meter.note("no " + ADAPTER + ": PEFT loads none without additions, which 'lora' trains");
      return;
    }
    Path place = Files.createDirectory(directory.resolve(ADAPTER));
    trainer.writeAdapter(tuned, place, adapterBase(student.checkpoint().directory()));
  }

  private Map<String, String> settled() {
    return TrainingSettings.of(settings, spec, text.length(), source);
  }

  private FinetuneReport report(
      Plan plan, Path output, Trainer.Result trained, MoeShape shape, Written written) {
    FinetuneFigures figures = new FinetuneFigures(plan, spec, trained);
    FinetuneSetup setup =
        figures.setup(
            output.toString(),
            source,
            settings.teacher(),
            settled(),
            student,
            before,
            DerivedManifest.of(student.checkpoint()));
    FinetuneReport report =
        figures.report(setup, student, shape, written.elements(), meter.warnings(), meter.cost());
    return before.map(report::after).orElse(report);
  }

  /** Where the model in the own format lies that adapters are of, if it lies anywhere. */
  private Optional<String> adapterBase(Path input) {
    if (student.tensors() == student.checkpoint()) {
      return Optional.of(input.toAbsolutePath().normalize().toString());
    }
    meter.note(
        ADAPTER
            + ": PEFT loads it on the model in the format cmoe, which 'cmoe export "
            + model
            + " BASE --format cmoe' writes");
    return Optional.empty();
  }

  @Override
  public void close() {
    teacher.ifPresent(Decoder::close);
    student.close();
    session.close();
    meter.close();
  }
}
