package dev.cmoe.cli;

import dev.cmoe.recipe.RuntimeSpec;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code cmoe logits} asks for.
 *
 * @param tokens ids, in order
 * @param output the file to write
 */
public record LogitsRequest(String model, List<Integer> tokens, Path output, RuntimeSpec runtime) {
  public LogitsRequest {
    tokens = List.copyOf(tokens);
  }
}
