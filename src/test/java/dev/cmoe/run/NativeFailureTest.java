package dev.cmoe.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeFailureTest {
  private static NativeFailure of(String message) {
    return NativeFailure.of(
        new IllegalStateException("could not load", new UnsatisfiedLinkError(message)),
        "set X to another folder");
  }

  /** Messages as loaders of Linux, musl, DJL and JavaCPP print them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/lib/libc.so.6: version `GLIBC_2.28' not found (required by /c/libtorch.so)|newer Linux",
        "/lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found|newer Linux",
        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory|glibc",
        "libcuda.so.1: cannot open shared object file: No such file or directory|NVIDIA driver",
        "/c/lib.so: failed to map segment from shared object|(noexec): set X to another folder",
        "/c/lib.so: file too short|damaged: delete it",
        "/c/lib.so: undefined symbol: _ZN3c10|unset PYTORCH_LIBRARY_PATH",
        "Resource not found in classpath: jnilib/linux-x86_64/cu999/x.so|PYTORCH_FLAVOR",
        "Offline mode is enabled.|unset PYTORCH_VERSION",
        "No space left on device|free some, or set X to another folder",
        "Read-only file system|cannot be written: set X to another folder",
        "For input string: \"4,2\"|OMP_NUM_THREADS",
        "libgomp.so.1: cannot open shared object file: No such file|install the package",
        "something new|README"
      })
  void eachSymptomHasItsRemedy(String message, String remedy) {
    assertThat(of(message).remedy()).contains(remedy).doesNotContain("CACHE");
  }

  @Test
  void theReasonIsOneLineOfTheInnermostCause() {
    assertThat(of("/a/b.so: /a/b.so: undefined\n  symbol: f.").reason())
        .isEqualTo("/a/b.so: undefined symbol: f");
    assertThat(
            NativeFailure.of(
                    new IllegalStateException("outer", new IOException("inner words", null)), "")
                .reason())
        .isEqualTo("inner words");
    assertThat(NativeFailure.of(new NoClassDefFoundError(), "").reason())
        .isEqualTo("NoClassDefFoundError");
  }

  @Test
  void aBarePathSaysWhatIsWrongWithIt() {
    NativeFailure failure =
        NativeFailure.of(new RuntimeException(new NoSuchFileException("/c/x")), "set X");
    assertThat(failure.reason()).isEqualTo("NoSuchFileException: /c/x");
    assertThat(failure.remedy()).isEqualTo("the cache cannot be written: set X");
  }
}
