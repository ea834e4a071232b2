package dev.cmoe.recipe;

/**
 * How the routed neurons are put into groups.
 *
 * @param iterations balanced assignments at most; grouping ends sooner when nothing moves
 */
public record GroupingSpec(int iterations) {}
