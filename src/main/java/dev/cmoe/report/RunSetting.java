package dev.cmoe.report;

/**
 * One resolved setting.
 *
 * @param name recipe key, such as {@code router.steps}
 * @param value as a person would write it
 * @param origin where the value comes from, such as {@code default}, {@code recipe.yaml:4} or
 *     {@code --seed}; may be null
 */
public record RunSetting(String name, String value, String origin) {}
