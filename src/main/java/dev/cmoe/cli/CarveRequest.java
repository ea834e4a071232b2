package dev.cmoe.cli;

import dev.cmoe.recipe.ResolvedRecipe;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code cmoe carve} asks for.
 *
 * @param model a model directory as typed, or {@code demo}
 * @param output the directory to write; empty only with {@code dryRun}
 * @param plan a saved plan to apply instead of profiling
 * @param dryRun say what would be done and write nothing
 * @param overwrite replace an output that exists
 */
public record CarveRequest(
    String model,
    Optional<Path> output,
    ResolvedRecipe recipe,
    Optional<Path> plan,
    boolean dryRun,
    boolean overwrite) {}
