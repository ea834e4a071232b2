package dev.cmoe.recipe;

import java.util.function.Function;

/**
 * One key of a recipe.
 *
 * @param key dotted, such as {@code router.steps}
 * @param standard the value that holds when nobody gives one
 * @param ofPreset whether {@code standard} depends on the preset
 */
record Setting<T>(String key, ValueType<T> type, Function<Preset, T> standard, boolean ofPreset) {

  static <T> Setting<T> of(String key, ValueType<T> type, T standard) {
    return new Setting<>(key, type, preset -> standard, false);
  }

  static <T> Setting<T> ofPreset(String key, ValueType<T> type, Function<Preset, T> standard) {
    return new Setting<>(key, type, standard, true);
  }
}
