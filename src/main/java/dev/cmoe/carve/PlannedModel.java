package dev.cmoe.carve;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.ModelView;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.TensorStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a saved plan makes of a dense model, in the own format, without writing it: weights are
 * gathered when they are read. Refitted projections of one layer are in memory at a time.
 */
public final class PlannedModel {
  private final MoePlan plan;
  private int refittedLayer = -1;
  private Optional<float[]> refitted = Optional.empty();

  private PlannedModel(MoePlan plan) {
    this.plan = plan;
  }

  /**
   * @param dense stays the caller's, and open as long as the result is used
   * @param plan of a model of the shape of {@code dense}
   * @throws dev.cmoe.run.CmoeException of kind BAD_INPUT when a tensor is missing
   */
  public static TensorStore of(Checkpoint dense, DecoderConfig config, MoePlan plan) {
    PlannedModel planned = new PlannedModel(plan);
    CarvedTensors carved =
        new CarvedTensors(dense, DenseTensors.check(dense, config), config, plan.shape());
    List<ReadableTensor> tensors = new ArrayList<>();
    tensors.addAll(carved.first());
    for (int i = 0; i < config.layers(); i++) {
      tensors.addAll(carved.layer(i, plan.grouping(i), plan.router(i), planned.down(i)));
    }
    tensors.addAll(carved.last());
    return new ModelView(dense, OwnLayout.config(dense.config(), config, plan.shape()), tensors);
  }

  /** Layers are read in order, so the last one asked for is the one to keep. */
  private Supplier<Optional<float[]>> down(int layer) {
    return () -> {
      if (layer != refittedLayer) {
        refitted = plan.down(layer);
        refittedLayer = layer;
      }
      return refitted;
    };
  }
}
