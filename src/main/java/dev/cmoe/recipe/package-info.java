/**
 * What a carve is asked to do: immutable records, read from a YAML file, {@code --set} and flags,
 * with the origin of each value. The keys, their types, ranges and defaults stand in {@link
 * dev.cmoe.recipe.Settings} and nowhere else.
 */
package dev.cmoe.recipe;
