package dev.cmoe.cli;

import dev.cmoe.recipe.RuntimeSpec;

/**
 * What {@code cmoe forward} asks for.
 *
 * @param samples windows
 * @param window tokens a window
 */
public record ForwardRequest(String model, int samples, int window, RuntimeSpec runtime) {}
