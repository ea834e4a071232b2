package dev.cmoe.cli;

import dev.cmoe.recipe.ResolvedRecipe;
import dev.cmoe.recipe.ResolvedValue;

/** What {@code --print-recipe} prints. */
record RecipeAnswer(ResolvedRecipe recipe) implements Answer {
  @Override
  public String text() {
    return recipe.toAnnotatedYaml();
  }

  /** Each key with its value as YAML, null where the model or the engine decides. */
  @Override
  public String json() {
    JsonObject values = new JsonObject();
    for (ResolvedValue value : recipe.values()) {
      values.put(
          value.key(),
          new JsonObject()
              .put("value", value.text().isEmpty() ? null : value.text())
              .put("origin", value.origin().toString()));
    }
    return new JsonObject().put("schema", "cmoe.recipe/1").put("values", values).toString();
  }
}
