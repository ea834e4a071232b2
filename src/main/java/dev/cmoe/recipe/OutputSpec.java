package dev.cmoe.recipe;

/**
 * The form of the written checkpoint.
 *
 * @param shardSize a weight file is closed before it grows beyond this
 */
public record OutputSpec(ByteSize shardSize) {}
