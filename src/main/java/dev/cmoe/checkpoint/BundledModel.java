package dev.cmoe.checkpoint;

import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The small model inside the program, unpacked once into the user's cache so that it can be read
 * like any other. The folder is named after its contents and appears by one rename, so several
 * processes may unpack at once and a new release never meets an old copy.
 */
public final class BundledModel {
  /** The word that stands for the bundled model on the command line. */
  public static final String NAME = "demo";

  private static final String RESOURCES = "/dev/cmoe/demo/";
  private static final List<String> FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json");

  private BundledModel() {}

  /** The unpacked folder; RESOURCES when the cache cannot be written. */
  public static Path unpack() {
    return unpack(cache());
  }

  /** The system property {@code cmoe.cache}, or {@code cmoe} below the user's cache folder. */
  public static Path cache() {
    String chosen = System.getProperty("cmoe.cache");
    if (chosen != null && !chosen.isBlank()) {
      return Path.of(chosen);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    // The XDG rules say that a relative path is to be ignored.
    boolean usable = xdg != null && !xdg.isBlank() && Path.of(xdg).isAbsolute();
    Path base = usable ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("cmoe");
  }

  static Path unpack(Path cache) {
    Path stage = null;
    try {
      Map<String, byte[]> contents = contents();
      Path target = cache.resolve(NAME + "-" + digest(contents).substring(0, 12));
      if (isComplete(target, contents)) {
        return target;
      }
      Files.createDirectories(cache);
      stage = Files.createTempDirectory(cache, NAME + "-partial-");
      for (Map.Entry<String, byte[]> file : contents.entrySet()) {
        Files.write(stage.resolve(file.getKey()), file.getValue());
      }
      FileTree.force(stage);
      publish(stage, target, contents);
      return target;
    } catch (IOException e) {
      throw CmoeException.resources(
          cache
              + ": the bundled model cannot be unpacked here ("
              + e.getMessage()
              + "); set XDG_CACHE_HOME, or -Dcmoe.cache, to a folder that can be written",
          e);
    } finally {
      if (stage != null) {
        FileTree.deleteQuietly(stage);
      }
    }
  }

  private static void publish(Path stage, Path target, Map<String, byte[]> contents)
      throws IOException {
    // A damaged copy steps aside under the name of a second stage.
    Path aside = stage.resolveSibling(stage.getFileName() + "-old");
    for (int attempt = 0; ; attempt++) {
      try {
        if (Files.exists(target)) {
          Files.move(target, aside, StandardCopyOption.ATOMIC_MOVE);
          FileTree.delete(aside);
        }
        Files.move(stage, target, StandardCopyOption.ATOMIC_MOVE);
        return;
      } catch (IOException e) {
        // Another process may have been first; its copy is as good.
        if (isComplete(target, contents)) {
          return;
        }
        if (attempt == 3) {
          throw e;
        }
      }
    }
  }

  private static boolean isComplete(Path target, Map<String, byte[]> contents) throws IOException {
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      Path unpacked = target.resolve(file.getKey());
      if (!Files.isRegularFile(unpacked) || Files.size(unpacked) != file.getValue().length) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    for (String file : FILES) {
      contents.put(file, content(file));
    }
    return contents;
  }

  /** Its tokenizer.json, without unpacking anything. */
  static byte[] tokenizer() throws IOException {
    return content("tokenizer.json");
  }

  private static byte[] content(String file) throws IOException {
    try (InputStream in = BundledModel.class.getResourceAsStream(RESOURCES + file)) {
      if (in == null) {
        throw new IllegalStateException("the program was built without " + RESOURCES + file);
      }
      return in.readAllBytes();
    }
  }

  private static String digest(Map<String, byte[]> contents) {
    Sha256 digest = new Sha256();
    contents.forEach(
        (name, bytes) -> {
          digest.update(ByteBuffer.wrap((name + "\0").getBytes(StandardCharsets.UTF_8)));
          digest.update(ByteBuffer.wrap(bytes));
        });
    return digest.hex();
  }
}
