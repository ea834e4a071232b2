package dev.cmoe.cli;

import dev.cmoe.recipe.RuntimeSpec;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code cmoe doctor} asks for.
 *
 * @param directory where outputs are to be written; empty for the working directory
 */
public record DoctorRequest(Optional<Path> directory, RuntimeSpec runtime) {}
