package dev.cmoe.recipe;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * The text that carving looks at.
 *
 * @param files plain text or JSON lines, relative to the working directory; empty: the text that
 *     comes with cmoe
 * @param samples number of windows; empty: as many as keep the token count of 8 windows of 2048
 * @param window tokens a window; empty: the model's context, at most 2048
 */
public record CalibrationSpec(List<Path> files, OptionalInt samples, OptionalInt window) {
  public CalibrationSpec {
    files = List.copyOf(files);
  }
}
