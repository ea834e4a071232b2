package dev.cmoe.engine;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import ai.djl.util.Utils;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.NativeFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libtorch, started with a number of threads on a device. Opening it loads the native libraries, so
 * commands that need no arithmetic must not.
 */
public final class Engine implements AutoCloseable {
  /** How the folder of unpacked libraries is moved. */
  public static final String CACHE = "set DJL_CACHE_DIR to another folder";

  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  private final Device device;
  private final PtNDManager manager;
  private final int threads;
  private final int gpus;
  private final boolean gradients;
  private final Products products;
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final List<Model> models = new ArrayList<>();

  private Engine(Device device, PtNDManager manager, int threads, int gpus, boolean gradients) {
    this.device = device;
    this.manager = manager;
    this.threads = threads;
    this.gpus = gpus;
    this.gradients = gradients;
    Products fast = device.isGpu() ? Products.PLAIN : Products.of(CpuFeatures.read());
    this.products = gradients ? fast.recordable() : fast;
  }

  /**
   * Starts the engine.
   *
   * @param threads threads a kernel may use; 0 for one a core
   * @throws CmoeException of kind RESOURCES when the device is not there or the native library
   *     cannot be loaded
   */
  public static Engine start(Device device, int threads) {
    return start(device, threads, false);
  }

  /**
   * The same for {@link Kernel#differentiate}: every kernel then gives tensors that gradients can
   * go through, for a little time a call.
   */
  public static Engine startForGradients(Device device, int threads) {
    return start(device, threads, true);
  }

  private static Engine start(Device device, int threads, boolean gradients) {
    System.setProperty("ai.djl.offline", "true");
    LibtorchSource.find().prepare();
    ai.djl.Device place = device.isGpu() ? ai.djl.Device.gpu(device.gpu()) : ai.djl.Device.cpu();
    int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    int gpus;
    PtNDManager manager;
    try {
      ai.djl.engine.Engine torch = ai.djl.engine.Engine.getEngine("PyTorch");
      gpus = torch.getGpuCount();
      if (device.gpu() < gpus) {
        manager = (PtNDManager) torch.newBaseManager(place);
        JniUtils.setNumThreads(count);
        JniUtils.setGradMode(false);
        return new Engine(device, manager, count, gpus, gradients);
      }
    } catch (RuntimeException | LinkageError | AssertionError e) {
      NativeFailure why = NativeFailure.of(e, CACHE);
      throw CmoeException.resources(
          "libtorch could not be loaded: " + why.reason() + "; " + why.remedy(), e);
    }
    throw CmoeException.resources(
        "device "
            + device
            + " is not there; libtorch sees "
            + gpus
            + " GPUs; use --device cpu, or see what cmoe doctor --device "
            + device
            + " says");
  }

  /** What is loaded. */
  public Libtorch libtorch() {
    return new Libtorch(LibUtils.getVersion(), Path.of(LibUtils.getLibtorchPath()), gpus);
  }

  /**
   * The folder that DJL unpacks native libraries into: ENGINE_CACHE_DIR, DJL_CACHE_DIR, or .djl.ai
   * in the home directory.
   */
  public static Path cache() {
    return Utils.getEngineCacheDir();
  }

  public Device device() {
    return device;
  }

  public int threads() {
    return threads;
  }

  /** Begins libtorch's random numbers anew, on every device. */
  public void seed(long seed) {
    JniUtils.setSeed(seed);
  }

  /** A new scope that the caller closes. */
  public Scope scope() {
    return new Scope((PtNDManager) manager.newSubManager());
  }

  /** A new scope in main memory, whatever the device. */
  Scope cpuScope() {
    return new Scope(manager.newSubManager(ai.djl.Device.cpu()));
  }

  /**
   * The kernel in resource {@code name + ".py"} beside {@code room}, loaded once.
   *
   * @throws IllegalStateException when the text does not compile
   */
  public Kernel kernel(Class<?> room, String name) {
    return kernels.computeIfAbsent(
        room.getPackageName() + "." + name, key -> load(room, name, products));
  }

  /** Whether kernels multiply many rows in bfloat16 by way of float32, which is faster here. */
  public boolean widensBfloat16() {
    return products.take(Products.Way.WIDEN);
  }

  /**
   * Whether attention over a prompt looks at a few queries at a time, where autograd does not
   * record it, so that memory for scores grows with its length alone.
   */
  public boolean attendsInParts(ComputeType type) {
    return !device.isGpu() && (type != ComputeType.BFLOAT16 || products.take(Products.Way.PARTS));
  }

  /**
   * Whether products with single bfloat16 rows go through oneDNN's inner product, which reads
   * narrow and small matrices slowly.
   */
  public boolean multipliesSingleRows() {
    return products.take(Products.Way.SINGLE);
  }

  Kernel load(Class<?> room, String name, Products products) {
    try {
      byte[] archive = KernelArchive.of(KernelText.of(room, name, products));
      Model model = Model.newInstance(name, manager.getDevice(), "PyTorch");
      models.add(model);
      model.load(new ByteArrayInputStream(archive));
      return new Kernel(name, (PtSymbolBlock) model.getBlock(), gradients);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (MalformedModelException | ai.djl.engine.EngineException e) {
      throw new IllegalStateException("kernel " + name + ".py does not compile", e);
    }
  }

  @Override
  public void close() {
    if (LOG.isDebugEnabled()) {
      kernels.values().stream()
          .flatMap(kernel -> kernel.times().stream())
          .sorted(Comparator.reverseOrder())
          .forEach(LOG::debug);
    }
    models.forEach(Model::close);
    manager.close();
  }
}
