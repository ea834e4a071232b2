package dev.cmoe.job.doctor;

import dev.cmoe.carve.grouping.HostProducts;
import dev.cmoe.checkpoint.BundledModel;
import dev.cmoe.engine.CpuFeatures;
import dev.cmoe.engine.Device;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Libtorch;
import dev.cmoe.engine.LibtorchSource;
import dev.cmoe.engine.NvidiaDriver;
import dev.cmoe.recipe.DeviceSpec;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code cmoe doctor}: looks at the machine, then loads the native libraries, then runs kernels.
 * What can end the process, native code, comes last.
 */
public final class DoctorJob implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DoctorJob.class);

  /** How many checks there are. */
  private static final int CHECKS = 17;

  private final Environment environment = Environment.ofProcess();
  private final RuntimeSpec runtime;
  private final Stage stage;
  private final Consumer<Check> said;
  private final List<Check> checks = new ArrayList<>();
  private final Map<Trial.Library, Trial> trials = new EnumMap<>(Trial.Library.class);
  private Optional<Engine> engine = Optional.empty();

  private DoctorJob(RuntimeSpec runtime, Stage stage, Consumer<Check> said) {
    this.runtime = runtime;
    this.stage = stage;
    this.said = said;
  }

  /**
   * Makes all checks.
   *
   * @param directory where outputs are to be written; empty for the working directory
   * @param said hears each check as it is made
   */
  public static Diagnosis run(
      Optional<Path> directory, RuntimeSpec runtime, RunListener listener, Consumer<Check> said) {
    try (Stage stage = Stage.start(listener, "checking", "checks", CHECKS);
        DoctorJob job = new DoctorJob(runtime, stage, said)) {
      job.machine(directory);
      job.tryLibraries();
      job.libraries();
      job.kernels();
      return new Diagnosis(job.checks, stage.seconds());
    }
  }

  private void machine(Optional<Path> directory) {
    int cores = Runtime.getRuntime().availableProcessors();
    make(
        "java",
        () ->
            JavaCheck.of(
                environment, Runtime.version().feature(), Runtime.getRuntime().maxMemory()));
    make("cpu", () -> CpuCheck.of(environment, CpuFeatures.read(), cores));
    make("threads", () -> ThreadsCheck.of(environment, cores, runtime.threads()));
    make("memory", MemoryCheck::ofMachine);
    make("outputs", () -> DiskCheck.outputs(directory));
    make(
        "temporary files",
        () -> DiskCheck.temporary(Path.of(environment.property("java.io.tmpdir"))));
    make("libtorch cache", () -> DiskCheck.cache("libtorch cache", Engine.cache(), Engine.CACHE));
    make("nd4j cache", DoctorJob::hostCache);
    make(
        "demo cache",
        () ->
            DiskCheck.cache(
                "demo cache", BundledModel.cache(), "set XDG_CACHE_HOME to another folder"));
  }

  private static Check hostCache() {
    return HostProducts.cache()
        .map(folder -> DiskCheck.cache("nd4j cache", folder, HostProducts.CACHE))
        .orElseGet(
            () ->
                Check.warning(
                    "nd4j cache", "none of its places can be written", HostProducts.CACHE));
  }

  /** Side by side, since each takes a second. */
  private void tryLibraries() {
    stage.advance(checks.size(), "native libraries");
    for (Trial.Library library : Trial.Library.values()) {
      trials.put(library, Trial.start(library));
    }
  }

  private void libraries() {
    LibtorchSource source = LibtorchSource.find();
    String place =
        source instanceof LibtorchSource.Installed installed
            ? "the torch in " + installed.folder() + " is damaged or not for this machine"
            : damaged(Engine.cache().resolve("pytorch"));
    use(
        Trial.Library.LIBTORCH,
        "libtorch",
        place,
        () -> {
          Engine started = Engine.start(Device.CPU, runtime.threads().orElse(0));
          engine = Optional.of(started);
          return LibraryChecks.libtorch(started.libtorch(), source);
        });
    use(
        Trial.Library.TOKENIZERS,
        "tokenizers",
        damaged(Engine.cache().resolve("tokenizers")),
        LibraryChecks::tokenizers);
    use(
        Trial.Library.ND4J,
        "nd4j",
        HostProducts.cache().map(DoctorJob::damaged).orElse(""),
        LibraryChecks::nd4j);
    Optional<Libtorch> loaded = engine.map(Engine::libtorch);
    make(
        "gpu",
        () -> GpuCheck.of(environment, runtime.device(), loaded, source, NvidiaDriver.find()));
  }

  private void kernels() {
    boolean gpu = runtime.device() instanceof DeviceSpec.Gpu;
    boolean there = checks.get(checks.size() - 1).status() != Check.Status.FAILED;
    if (engine.isEmpty() || gpu && !there) {
      String missing = engine.isEmpty() ? "libtorch" : runtime.device().toString();
      for (String name :
          List.of(
              KernelChecks.DENSE, KernelChecks.MIXTURE, KernelChecks.ATTENTION, SpeedCheck.NAME)) {
        tell(Check.leftOut(name, "not run: " + missing + " is missing"));
      }
      return;
    }
    run(KernelChecks.DENSE, () -> new KernelChecks(onDevice()).dense());
    run(KernelChecks.MIXTURE, () -> new KernelChecks(onDevice()).mixture());
    run(KernelChecks.ATTENTION, () -> new KernelChecks(onDevice()).attention());
    run(SpeedCheck.NAME, () -> new SpeedCheck(onDevice()).measured());
  }

  private static String damaged(Path cache) {
    return "the unpacked copy is damaged or not for this machine: delete " + cache + " once";
  }

  /** Makes the check of a library, unless the trial says that it would end this process. */
  private void use(Trial.Library library, String name, String remedy, Supplier<Check> check) {
    make(
        name,
        () ->
            trials
                .get(library)
                .crash()
                .map(how -> Check.failed(name, FailureKind.RESOURCES, how, remedy))
                .orElseGet(check));
  }

  /** The engine on the device that was asked for. */
  private Engine onDevice() {
    if (runtime.device() instanceof DeviceSpec.Gpu gpu && !engine.orElseThrow().device().isGpu()) {
      Engine started = Engine.start(new Device(gpu.index()), runtime.threads().orElse(0));
      engine.get().close();
      engine = Optional.of(started);
    }
    return engine.orElseThrow();
  }

  /** Makes a check of the machine or of a library. */
  private void make(String name, Supplier<Check> check) {
    make(name, FailureKind.INTERNAL, check);
  }

  /** Makes a check that runs kernels: one that does not run gives no right result either. */
  private void run(String name, Supplier<Check> check) {
    make(name, FailureKind.VERIFICATION, check);
  }

  private void make(String name, FailureKind surprise, Supplier<Check> check) {
    stage.advance(checks.size(), name);
    tell(made(name, surprise, check));
  }

  /**
   * What {@code check} gives, or a failed check that says what it threw.
   *
   * @param surprise the kind of failure that something unforeseen is
   */
  static Check made(String name, FailureKind surprise, Supplier<Check> check) {
    try {
      return check.get();
    } catch (CmoeException e) {
      LOG.debug("{}", name, e);
      return Check.failed(name, e.kind(), e.getMessage(), "");
    } catch (OutOfMemoryError e) {
      LOG.debug("{}", name, e);
      return Check.failed(
          name,
          FailureKind.RESOURCES,
          "out of memory: " + e.getMessage(),
          "CMOE_JAVA_OPTS=-Xmx2g gives the heap more");
    } catch (RuntimeException | LinkageError | AssertionError e) {
      LOG.debug("{}", name, e);
      Throwable deepest = e;
      while (deepest.getCause() != null) {
        deepest = deepest.getCause();
      }
      String message = String.valueOf(deepest.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
      return Check.failed(
          name,
          surprise,
          deepest.getClass().getSimpleName() + ": " + message,
          "a defect in cmoe or in this machine; report it with what -vv logs");
    }
  }

  private void tell(Check check) {
    checks.add(check);
    stage.advance(checks.size(), check.name());
    said.accept(check);
  }

  @Override
  public void close() {
    trials.values().forEach(Trial::close);
    engine.ifPresent(Engine::close);
  }
}
