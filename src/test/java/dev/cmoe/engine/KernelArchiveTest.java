package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

class KernelArchiveTest {
  @Test
  void storesTheTextAndWhatLibtorchAsksFor() throws IOException {
    List<String> names = new ArrayList<>();
    try (ZipInputStream zip =
        new ZipInputStream(new ByteArrayInputStream(KernelArchive.of("class K: ü")))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        names.add(entry.getName());
        assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
        if (entry.getName().endsWith(".py")) {
          assertThat(new String(zip.readAllBytes(), StandardCharsets.UTF_8))
              .isEqualTo("class K: ü");
        }
      }
    }
    assertThat(names)
        .containsExactlyInAnyOrder(
            "k/data.pkl", "k/code/__torch__.py", "k/constants.pkl", "k/version");
  }
}
