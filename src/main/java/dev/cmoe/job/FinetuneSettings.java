package dev.cmoe.job;

import dev.cmoe.finetune.Distillation;
import dev.cmoe.finetune.LoraSpec;
import dev.cmoe.finetune.OptimizerSpec;
import dev.cmoe.finetune.TrainedKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What {@code cmoe finetune} is asked for.
 *
 * @param data files of text; empty for the text that comes with cmoe
 * @param teacher a dense model as typed
 * @param kinds empty for what suits the model's routers
 * @param window tokens a window; empty for the model's context, at most 2048
 * @param samples windows to train on at most
 * @param heldOut windows of the text that are not trained on
 * @param microBatch empty for as many windows as have 4096 tokens, at most a batch
 * @param balance γ of the load balance
 */
public record FinetuneSettings(
    List<Path> data,
    Optional<String> teacher,
    Optional<Set<TrainedKind>> kinds,
    LoraSpec lora,
    OptimizerSpec optimizer,
    double balance,
    Distillation distillation,
    OptionalInt window,
    int samples,
    int heldOut,
    int epochs,
    int batch,
    OptionalInt microBatch,
    long evaluateEvery,
    long saveEvery,
    int skips,
    long seed) {}
