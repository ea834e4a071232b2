package dev.cmoe.recipe;

/**
 * How the {@code paper} preset marks the neurons that a token activates.
 *
 * @param kAct neurons marked for each token, the largest by size
 */
public record ProfileSpec(int kAct) {}
