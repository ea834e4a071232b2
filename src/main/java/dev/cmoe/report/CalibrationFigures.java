package dev.cmoe.report;

import java.util.List;

/**
 * The text a carve was fitted to.
 *
 * @param files names of the texts, in the order they were read
 * @param tokens tokens used, {@code samples * window}
 * @param samples number of windows
 * @param window tokens in one window
 */
public record CalibrationFigures(List<String> files, long tokens, int samples, int window) {
  public CalibrationFigures {
    files = List.copyOf(files);
  }
}
