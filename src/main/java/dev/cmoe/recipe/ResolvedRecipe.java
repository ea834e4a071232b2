package dev.cmoe.recipe;

import java.util.List;
import java.util.function.Function;

/**
 * A recipe with the origin of each of its values.
 *
 * @param values one for each key, in the order they are written in
 */
public record ResolvedRecipe(CarveRecipe recipe, List<ResolvedValue> values) {
  public ResolvedRecipe {
    values = List.copyOf(values);
  }

  /**
   * The recipe as YAML, the same bytes for the same recipe. Read back as a recipe file, it gives
   * the same recipe.
   */
  public String toYaml() {
    return yaml(value -> "");
  }

  /** {@link #toYaml} with the origin of each value in a comment. */
  public String toAnnotatedYaml() {
    int width = values.stream().mapToInt(value -> line(value).length()).max().orElse(0);
    return yaml(value -> " ".repeat(width - line(value).length()) + "  # " + value.origin());
  }

  private String yaml(Function<ResolvedValue, String> comment) {
    StringBuilder yaml = new StringBuilder();
    String open = "";
    for (ResolvedValue value : values) {
      if (value.text().isEmpty()) {
        continue;
      }
      String section = section(value.key());
      if (!section.equals(open)) {
        yaml.append(section).append(":\n");
        open = section;
      }
      yaml.append(line(value)).append(comment.apply(value)).append('\n');
    }
    return yaml.toString();
  }

  private static String line(ResolvedValue value) {
    String section = section(value.key());
    return section.isEmpty()
        ? value.key() + ": " + value.text()
        : "  " + value.key().substring(section.length() + 1) + ": " + value.text();
  }

  private static String section(String key) {
    return key.substring(0, Math.max(0, key.indexOf('.')));
  }
}
