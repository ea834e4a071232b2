package dev.cmoe.job;

import dev.cmoe.checkpoint.BundledModel;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.Manifest;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.CpuFeatures;
import dev.cmoe.engine.Device;
import dev.cmoe.engine.Engine;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.ResidentDecoder;
import dev.cmoe.recipe.ComputeDtype;
import dev.cmoe.recipe.DeviceSpec;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** A started engine and the rules by which a command opens models on it. */
final class Session implements AutoCloseable {
  /** Below this width products are too small for bfloat16 to pay. */
  private static final int WIDE = 1024;

  private final RuntimeSpec runtime;
  private final Engine engine;

  Session(RuntimeSpec runtime) {
    this(runtime, Engine.start(device(runtime), runtime.threads().orElse(0)));
  }

  private Session(RuntimeSpec runtime, Engine engine) {
    this.runtime = runtime;
    this.engine = engine;
  }

  /** A session that trains. */
  static Session forGradients(RuntimeSpec runtime) {
    return new Session(
        runtime, Engine.startForGradients(device(runtime), runtime.threads().orElse(0)));
  }

  private static Device device(RuntimeSpec runtime) {
    return runtime.device() instanceof DeviceSpec.Gpu gpu ? new Device(gpu.index()) : Device.CPU;
  }

  static boolean isBundled(String model) {
    return model.equals(BundledModel.NAME);
  }

  /** Whether {@code directory} was carved from the bundled model. */
  static boolean isOfBundled(Path directory) {
    return Files.exists(directory.resolve(Manifest.FILE))
        && isBundled(Manifest.read(directory).input().name());
  }

  Engine engine() {
    return engine;
  }

  /** Opens the model a user named. */
  Decoder open(String model) {
    return open(ModelLocation.resolve(model));
  }

  /**
   * Opens a carved model by the tensors of the own format, whatever format it is in; a dense one as
   * it is.
   */
  Decoder openOriginal(Path directory) {
    ComputeType type = type(directory);
    Checkpoint checkpoint = Checkpoint.open(directory);
    TensorStore original;
    try {
      original = Formats.original(checkpoint);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
    return Decoder.of(engine, checkpoint, original, type);
  }

  Decoder open(Path directory) {
    return Decoder.open(engine, directory, type(directory));
  }

  private ComputeType type(Path directory) {
    ComputeType type = ComputeType.FLOAT32;
    if (runtime.computeDtype() == ComputeDtype.BFLOAT16) {
      type = ComputeType.BFLOAT16;
    } else if (runtime.computeDtype() == ComputeDtype.AUTO) {
      type = best(directory);
    }
    return type;
  }

  /**
   * Opens the model a user named for running token by token. There each weight is read once a
   * token, so bfloat16 weights of a wide model are computed with as they are, on any device.
   *
   * @param check sees the model before its weights are loaded, and may refuse it
   */
  ResidentDecoder openResident(String model, Consumer<Decoder> check) {
    Path directory = ModelLocation.resolve(model);
    boolean auto = runtime.computeDtype() == ComputeDtype.AUTO;
    Decoder decoder =
        auto && isWideBfloat16(directory)
            ? Decoder.open(engine, directory, ComputeType.BFLOAT16)
            : open(directory);
    try {
      check.accept(decoder);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
    return ResidentDecoder.load(decoder);
  }

  /**
   * Refuses what does not fit into main memory; on a GPU nothing is known beforehand.
   *
   * @param bytes that the work needs on top of what the process has
   * @param remedy what a user can do about it
   * @throws CmoeException of kind RESOURCES
   */
  void requireMemory(String model, long bytes, String remedy) {
    OptionalLong available = ProcessMemory.available();
    if (!engine.device().isGpu() && available.isPresent() && bytes > available.getAsLong()) {
      throw CmoeException.resources(
          "%s needs about %d MB of memory and %d MB are available; %s"
              .formatted(model, bytes >> 20, available.getAsLong() >> 20, remedy));
    }
  }

  /** Opens a model in float32, whatever the runtime says. */
  Decoder openInFloat32(Path directory) {
    return Decoder.open(engine, directory, ComputeType.FLOAT32);
  }

  /** Opens a carved model with every routed expert running for every token, in float32. */
  Decoder openWithAllExperts(Path directory) {
    return Decoder.openWithAllExperts(engine, directory, ComputeType.FLOAT32);
  }

  /** bfloat16 where the weights are bfloat16, the model is wide and the device is faster so. */
  private ComputeType best(Path directory) {
    boolean fast = engine.device().isGpu() || CpuFeatures.fastBfloat16();
    return fast && isWideBfloat16(directory) ? ComputeType.BFLOAT16 : ComputeType.FLOAT32;
  }

  private static boolean isWideBfloat16(Path directory) {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      return checkpoint.config().path("hidden_size").asInt() >= WIDE
          && !checkpoint.names().isEmpty()
          && checkpoint.tensor(checkpoint.names().first()).dtype() == DType.BF16;
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
