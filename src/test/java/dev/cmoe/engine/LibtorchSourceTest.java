package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.Versions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibtorchSourceTest {
  @TempDir Path dir;

  /** A torch package as pip lays it out; its libraries are empty files. */
  private Path torch(String version) throws IOException {
    Path lib = Files.createDirectories(dir.resolve("torch/lib"));
    Files.createFile(lib.resolve(System.mapLibraryName("torch")));
    Files.writeString(
        dir.resolve("torch/version.py"),
        "from typing import Optional\n\n__version__ = '" + version + "'\ndebug = False\n");
    return lib;
  }

  private static LibtorchSource find(String path) {
    return LibtorchSource.find(name -> name.equals(LibtorchSource.PATH) ? path : null);
  }

  @Test
  void withoutThePathItIsTheBundledOne() {
    assertThat(find(null)).isEqualTo(new LibtorchSource.Bundled(Optional.empty()));
  }

  @Test
  void aPathWithoutALibraryIsIgnoredAndRemembered() {
    String nowhere = dir.resolve("nowhere") + File.pathSeparator + dir;
    assertThat(find(nowhere)).isEqualTo(new LibtorchSource.Bundled(Optional.of(nowhere)));
  }

  @Test
  void theFirstFolderThatHoldsTheLibraryCounts() throws IOException {
    Path lib = torch("2.7.1+cu126");
    LibtorchSource expected = new LibtorchSource.Installed(lib, Optional.of("2.7.1+cu126"));
    assertThat(find(dir + File.pathSeparator + lib)).isEqualTo(expected);
    assertThat(find(lib.resolve(System.mapLibraryName("torch")).toString())).isEqualTo(expected);
  }

  @Test
  void theZipOfLibtorchSaysItsVersionToo() throws IOException {
    Path lib = torch("");
    Files.delete(dir.resolve("torch/version.py"));
    assertThat(find(lib.toString())).isEqualTo(new LibtorchSource.Installed(lib, Optional.empty()));
    Files.writeString(dir.resolve("torch/build-version"), "2.7.1+cpu\n");
    assertThat(find(lib.toString()))
        .isEqualTo(new LibtorchSource.Installed(lib, Optional.of("2.7.1+cpu")));
  }

  @Test
  void anotherVersionIsRefusedBeforeItCanCrash() throws IOException {
    LibtorchSource source = find(torch("2.13.0+cu130").toString());
    assertThatThrownBy(source::prepare)
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.RESOURCES))
        .hasMessageContaining("torch 2.13.0+cu130")
        .hasMessageContaining("install torch==" + Versions.current().libtorch());
    assertThat(System.getProperty(LibtorchSource.FLAVOR)).isNull();
  }

  @Test
  void preparingNamesTheBridgeAndTheCudaRuntime() throws IOException {
    Path lib = torch(Versions.current().libtorch() + "+cu126");
    Path runtime = Files.createDirectories(dir.resolve("nvidia/cuda_runtime/lib"));
    org.junit.jupiter.api.Assumptions.assumeTrue(
        System.getenv(LibtorchSource.FLAVOR) == null
            && System.getProperty("jna.library.path") == null
            && NvidiaDriver.find().isEmpty());
    try {
      find(lib.toString()).prepare();
      // Without a driver the libraries for CUDA cannot be loaded.
      assertThat(System.getProperty(LibtorchSource.FLAVOR)).isEqualTo("cpu");
      assertThat(System.getProperty("jna.library.path")).isEqualTo(runtime.toString());
    } finally {
      System.clearProperty(LibtorchSource.FLAVOR);
      System.clearProperty("jna.library.path");
    }
  }
}
