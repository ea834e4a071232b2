package dev.cmoe.recipe;

/** Everything that decides what a carve of a given model yields. {@link RecipeLayers} makes one. */
public record CarveRecipe(
    Preset preset,
    ExpertSpec experts,
    long seed,
    CalibrationSpec calibration,
    ProfileSpec profile,
    GroupingSpec grouping,
    RouterSpec router,
    CompensationSpec compensation,
    EvaluationSpec evaluation,
    OutputSpec output,
    RuntimeSpec runtime) {}
