package dev.cmoe;

import dev.cmoe.calibration.TextFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A little of the texts that ship with cmoe, as files. */
final class TinyTexts {
  private TinyTexts() {}

  /** The first {@code length} characters of the text called {@code name}. */
  static String excerpt(String name, int length) {
    try (InputStream in = TextFiles.class.getResourceAsStream("data/" + name + ".txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).substring(0, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path write(Path file, String text) {
    try {
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path calibration(Path directory) {
    return write(directory.resolve("calibration.txt"), excerpt("fiction", 3000));
  }

  static Path evaluation(Path directory) {
    return write(directory.resolve("evaluation.txt"), excerpt("heldout", 1000));
  }
}
