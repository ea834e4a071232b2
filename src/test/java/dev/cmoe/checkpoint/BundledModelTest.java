package dev.cmoe.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledModelTest {
  @TempDir Path dir;

  @Test
  void unpacksOnce() throws IOException {
    Path model = BundledModel.unpack(dir);
    assertThat(model.getFileName().toString()).matches("demo-[0-9a-f]{12}");
    FileTime old = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(model.resolve("config.json"), old);
    assertThat(BundledModel.unpack(dir)).isEqualTo(model);
    assertThat(Files.getLastModifiedTime(model.resolve("config.json"))).isEqualTo(old);
    Checkpoint.open(model).close();
    assertThat(list()).containsExactly(model);
  }

  @Test
  void mendsADamagedCopy() throws IOException {
    Path model = BundledModel.unpack(dir);
    Files.writeString(model.resolve("model.safetensors"), "short");
    Files.delete(model.resolve("config.json"));
    assertThat(BundledModel.unpack(dir)).isEqualTo(model);
    Checkpoint.open(model).close();
    assertThat(list()).containsExactly(model);
  }

  @Test
  void severalMayUnpackAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Callable<Path> unpack = () -> BundledModel.unpack(dir);
      for (Future<Path> model : threads.invokeAll(List.of(unpack, unpack, unpack, unpack))) {
        Checkpoint.open(model.get()).close();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(list()).hasSize(1);
  }

  @Test
  void saysThatTheCacheCannotBeWritten() throws IOException {
    Path file = Files.writeString(dir.resolve("file"), "");
    assertThatThrownBy(() -> BundledModel.unpack(file))
        .isInstanceOf(CmoeException.class)
        .hasMessageStartingWith(file + ": the bundled model cannot be unpacked here")
        .hasMessageContaining("XDG_CACHE_HOME")
        .extracting(e -> ((CmoeException) e).kind())
        .isEqualTo(FailureKind.RESOURCES);
  }

  @Test
  void resolvesTheWordAndDirectories() {
    String before = System.getProperty("cmoe.cache");
    System.setProperty("cmoe.cache", dir.resolve("c").toString());
    try {
      assertThat(ModelLocation.resolve("demo")).startsWith(dir.resolve("c")).isDirectory();
    } finally {
      if (before == null) {
        System.clearProperty("cmoe.cache");
      } else {
        System.setProperty("cmoe.cache", before);
      }
    }
    assertThat(ModelLocation.resolve(dir.toString())).isEqualTo(dir);
  }

  @Test
  void refusesOtherModels() throws IOException {
    Path file = Files.writeString(dir.resolve("file"), "");
    refuses(file.toString(), "is a file; pass the directory that holds config.json");
    refuses(
        dir.resolve("none").toString(),
        "no such directory; pass a model directory or the word demo");
    refuses("", "the model name is empty");
    refuses(
        "some-org/Model-7B.v2", "only local directories are read", "hf download some-org/Model");
    assumeThat(Path.of("src")).isDirectory();
    refuses("src/none", "no such directory; pass a model directory");
    refuses("a\0b", "is not a path");
  }

  private static void refuses(String model, String... parts) {
    assertThatThrownBy(() -> ModelLocation.resolve(model))
        .isInstanceOf(CmoeException.class)
        .hasMessageContainingAll(parts)
        .extracting(e -> ((CmoeException) e).kind())
        .isEqualTo(FailureKind.BAD_INPUT);
  }

  private List<Path> list() throws IOException {
    try (Stream<Path> entries = Files.list(dir)) {
      return entries.toList();
    }
  }
}
