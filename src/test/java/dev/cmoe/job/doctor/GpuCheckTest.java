package dev.cmoe.job.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Libtorch;
import dev.cmoe.engine.LibtorchSource;
import dev.cmoe.engine.NvidiaDriver;
import dev.cmoe.job.doctor.Check.Status;
import dev.cmoe.recipe.DeviceSpec;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuCheckTest {
  private static final DeviceSpec CPU = new DeviceSpec.Cpu();
  private static final LibtorchSource BUNDLED = new LibtorchSource.Bundled(Optional.empty());
  private static final Optional<NvidiaDriver> DRIVER =
      Optional.of(new NvidiaDriver(Optional.of("550.54.15"), List.of("NVIDIA A100")));

  @TempDir Path dir;

  private static DeviceSpec gpu(int index) {
    return new DeviceSpec.Gpu(index);
  }

  private static Optional<Libtorch> libtorch(int gpus) {
    return Optional.of(new Libtorch("2.7.1", Path.of("lib"), gpus));
  }

  private LibtorchSource forCuda() throws IOException {
    Files.createFile(dir.resolve(System.mapLibraryName("torch_cuda")));
    return new LibtorchSource.Installed(dir, Optional.of("2.7.1+cu126"));
  }

  @Test
  void noGpuIsAFailureOnlyWhereOneWasAskedFor() {
    Check none = GpuCheck.of(Given.variables(), CPU, libtorch(0), BUNDLED, Optional.empty());
    assertThat(none.status()).isEqualTo(Status.OK);
    assertThat(none.facts()).containsEntry("gpus", 0).containsEntry("driver", "none");

    Check asked = GpuCheck.of(Given.variables(), gpu(0), libtorch(0), BUNDLED, Optional.empty());
    assertThat(asked.failure()).contains(FailureKind.RESOURCES);
    assertThat(asked.detail()).contains("gpu:0 is not there: no NVIDIA driver");
  }

  @Test
  void aDriverWithALibtorchForTheCpuNeedsAnother() {
    Check check = GpuCheck.of(Given.variables(), CPU, libtorch(0), BUNDLED, DRIVER);
    assertThat(check.status()).isEqualTo(Status.WARNING);
    assertThat(check.detail())
        .isEqualTo("NVIDIA driver 550.54.15 (NVIDIA A100), but this libtorch is built for the CPU");
    assertThat(check.advice())
        .hasValueSatisfying(
            text -> assertThat(text).contains("torch==2.7.1", "PYTORCH_LIBRARY_PATH"));
    assertThat(GpuCheck.of(Given.variables(), gpu(0), libtorch(0), BUNDLED, DRIVER).failure())
        .contains(FailureKind.RESOURCES);
  }

  @Test
  void aLibtorchForCudaThatSeesNothing() throws IOException {
    LibtorchSource source = forCuda();
    Check hidden =
        GpuCheck.of(Given.variables("CUDA_VISIBLE_DEVICES=7"), CPU, libtorch(0), source, DRIVER);
    assertThat(hidden.status()).isEqualTo(Status.WARNING);
    assertThat(hidden.detail()).contains("2.7.1+cu126 sees no GPU; CUDA_VISIBLE_DEVICES=7");

    Check flavor =
        GpuCheck.of(Given.variables("PYTORCH_FLAVOR=cpu"), CPU, libtorch(0), source, DRIVER);
    assertThat(flavor.advice()).contains("unset PYTORCH_FLAVOR");
  }

  @Test
  void gpusThatAreThere() throws IOException {
    LibtorchSource source = forCuda();
    Check two = GpuCheck.of(Given.variables(), gpu(1), libtorch(2), source, DRIVER);
    assertThat(two.status()).isEqualTo(Status.OK);
    assertThat(two.detail()).contains("2 GPUs", "NVIDIA A100");
    Check beyond = GpuCheck.of(Given.variables(), gpu(2), libtorch(2), source, DRIVER);
    assertThat(beyond.failure()).contains(FailureKind.RESOURCES);
    assertThat(beyond.detail()).contains("gpu:2 is not there: libtorch sees 2 GPUs");
  }

  @Test
  void withoutLibtorchNothingIsKnown() {
    Check check = GpuCheck.of(Given.variables(), CPU, Optional.empty(), BUNDLED, DRIVER);
    assertThat(check.status()).isEqualTo(Status.LEFT_OUT);
    assertThat(check.detail()).contains("NVIDIA driver 550.54.15");
    assertThat(GpuCheck.of(Given.variables(), gpu(0), Optional.empty(), BUNDLED, DRIVER).failure())
        .contains(FailureKind.RESOURCES);
  }
}
