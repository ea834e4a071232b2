package dev.cmoe.job.doctor;

import dev.cmoe.engine.Libtorch;
import dev.cmoe.engine.LibtorchSource;
import dev.cmoe.engine.NvidiaDriver;
import dev.cmoe.recipe.DeviceSpec;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.Versions;
import java.util.Optional;

/** GPUs that libtorch sees, and why it sees none where the machine has one. */
final class GpuCheck {
  private static final String NAME = "gpu";

  private GpuCheck() {}

  /**
   * @param device that was asked for; a GPU makes a missing one a failure
   * @param libtorch that is loaded; empty when it could not be
   */
  static Check of(
      Environment environment,
      DeviceSpec device,
      Optional<Libtorch> libtorch,
      LibtorchSource source,
      Optional<NvidiaDriver> driver) {
    int gpus = libtorch.map(Libtorch::gpus).orElse(0);
    Check check;
    if (libtorch.isEmpty()) {
      check =
          missing(device, "libtorch is not loaded, so nothing is known; " + machine(driver), "");
    } else if (device instanceof DeviceSpec.Gpu gpu && gpus > 0 && gpu.index() >= gpus) {
      check =
          missing(
              device,
              device + " is not there: libtorch sees " + count(gpus),
              "they count from gpu:0; CUDA_VISIBLE_DEVICES hides some");
    } else if (gpus > 0) {
      check = Check.ok(NAME, "libtorch sees " + count(gpus) + "; " + machine(driver));
    } else if (driver.isEmpty()) {
      check =
          device instanceof DeviceSpec.Gpu
              ? missing(
                  device,
                  device + " is not there: " + machine(driver),
                  "install the driver, start the container with its GPUs, or use --device cpu")
              : Check.ok(NAME, "none: " + machine(driver));
    } else {
      check = unseen(environment, device, source, driver);
    }
    return check
        .with("gpus", gpus)
        .with("driver", driver.map(found -> found.version().orElse("unknown")).orElse("none"));
  }

  /** There is a driver, and libtorch sees no GPU. */
  private static Check unseen(
      Environment environment,
      DeviceSpec device,
      LibtorchSource source,
      Optional<NvidiaDriver> driver) {
    String torch = Versions.current().libtorch();
    if (!(source instanceof LibtorchSource.Installed installed && installed.cuda())) {
      return missing(
          device,
          machine(driver) + ", but this libtorch is built for the CPU",
          "pip install torch=="
              + torch
              + " and let PYTORCH_LIBRARY_PATH name its folder torch/lib (README, GPU)");
    }
    String flavor = environment.variable(LibtorchSource.FLAVOR).orElse("");
    if (flavor.equals("cpu")) {
      return missing(
          device,
          machine(driver) + ", but " + LibtorchSource.FLAVOR + "=cpu",
          "unset " + LibtorchSource.FLAVOR);
    }
    String visible =
        environment
            .variable("CUDA_VISIBLE_DEVICES")
            .map(value -> "; CUDA_VISIBLE_DEVICES=" + value)
            .orElse("");
    return missing(
        device,
        machine(driver)
            + ", but libtorch "
            + installed.version().orElse(torch)
            + " sees no GPU"
            + visible,
        "see that nvidia-smi shows it and that the driver is new enough for that CUDA; with torch"
            + " not from pip, CMOE_JAVA_OPTS=-Djna.library.path=DIR names the folder of libcudart");
  }

  /** A failure where a GPU was asked for, else a warning. */
  private static Check missing(DeviceSpec device, String found, String remedy) {
    if (device instanceof DeviceSpec.Gpu) {
      return Check.failed(NAME, FailureKind.RESOURCES, found, remedy);
    }
    return remedy.isEmpty() ? Check.leftOut(NAME, found) : Check.warning(NAME, found, remedy);
  }

  private static String count(int gpus) {
    return gpus == 1 ? "1 GPU" : gpus + " GPUs";
  }

  private static String machine(Optional<NvidiaDriver> driver) {
    if (driver.isEmpty()) {
      return "no NVIDIA driver";
    }
    String version = driver.get().version().map(text -> " " + text).orElse("");
    String names =
        driver.get().gpus().isEmpty() ? "" : " (" + String.join(", ", driver.get().gpus()) + ")";
    return "NVIDIA driver" + version + names;
  }
}
