package dev.cmoe.recipe;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * What is measured after carving.
 *
 * @param enabled whether anything is
 * @param controls whether {@code static}, {@code static-fitted} and {@code random} are carved and
 *     measured beside the result
 * @param files text to measure on, relative to the working directory; empty: the text that comes
 *     with cmoe
 * @param maxWindows windows of the text at most; empty: all
 */
public record EvaluationSpec(
    boolean enabled, boolean controls, List<Path> files, OptionalInt maxWindows) {
  public EvaluationSpec {
    files = List.copyOf(files);
  }
}
