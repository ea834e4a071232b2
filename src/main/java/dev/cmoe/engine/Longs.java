package dev.cmoe.engine;

/** A list of whole numbers as a kernel argument, such as a shape. */
@SuppressWarnings("ArrayRecordComponent")
public record Longs(long... values) {}
