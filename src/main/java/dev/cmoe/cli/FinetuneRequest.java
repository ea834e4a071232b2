package dev.cmoe.cli;

import dev.cmoe.job.FinetuneSettings;
import dev.cmoe.recipe.OutputSpec;
import dev.cmoe.recipe.RuntimeSpec;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code cmoe finetune} asks for.
 *
 * @param model a carved directory as typed
 * @param output the directory to write; a dry run may go without
 * @param dryRun check and print, train nothing
 * @param overwrite replace an output that exists
 * @param resume go on with a run that did not end
 */
public record FinetuneRequest(
    String model,
    Optional<Path> output,
    FinetuneSettings settings,
    OutputSpec form,
    RuntimeSpec runtime,
    boolean dryRun,
    boolean overwrite,
    boolean resume) {}
