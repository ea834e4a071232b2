package dev.cmoe;

import dev.cmoe.safetensors.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a run left behind. */
final class Outputs {
  private Outputs() {}

  /** The digest of every file below {@code directory}, and {@code -} for every folder, by path. */
  static SortedMap<String, String> digests(Path directory) {
    SortedMap<String, String> digests = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        digests.put(
            directory.relativize(path).toString(),
            Files.isDirectory(path) ? "-" : Sha256.of(ByteBuffer.wrap(Files.readAllBytes(path))));
      }
      return digests;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
