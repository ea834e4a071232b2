package dev.cmoe.recipe;

/**
 * What a key of a recipe came to be, and why.
 *
 * @param text the value as YAML; empty when the model or the engine decides
 */
public record ResolvedValue(String key, String text, Origin origin) {}
