package dev.cmoe.cli;

import dev.cmoe.recipe.RuntimeSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code cmoe eval} asks for.
 *
 * @param model a model directory as typed, dense or carved, or {@code demo}
 * @param against the dense model to compare with
 * @param text files to measure on; empty: the text that comes with cmoe
 * @param window tokens a window; empty: the model's context, at most 2048
 * @param maxWindows windows at most; empty: all
 */
public record EvalRequest(
    String model,
    Optional<String> against,
    List<Path> text,
    OptionalInt window,
    OptionalInt maxWindows,
    RuntimeSpec runtime) {
  public EvalRequest {
    text = List.copyOf(text);
  }
}
