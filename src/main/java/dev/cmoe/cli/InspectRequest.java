package dev.cmoe.cli;

/**
 * What {@code cmoe inspect} asks for.
 *
 * @param model a model directory as typed, or {@code demo}
 */
public record InspectRequest(String model) {}
