package dev.cmoe.recipe;

import java.util.OptionalInt;

/**
 * How to compute.
 *
 * @param threads threads of the engine; empty: as the engine finds best
 */
public record RuntimeSpec(ComputeDtype computeDtype, OptionalInt threads, DeviceSpec device) {}
