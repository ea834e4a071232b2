package dev.cmoe.finetune;

import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import java.util.List;
import java.util.Optional;

/**
 * The gradient of one step. The forward pass keeps the input of every layer and nothing else; the
 * backward pass computes layer after layer again, from the last to the first, so that the
 * activations of one layer are held at a time.
 */
final class TrainingStep implements AutoCloseable {
  private final TrainedModel model;
  private final Optional<Decoder> teacher;
  private final LossHead head;
  private final TrainingSpec spec;
  private final LayerInputs inputs;

  /**
   * @param length tokens a window
   */
  TrainingStep(
      TrainedModel model, Optional<Decoder> teacher, LossHead head, TrainingSpec spec, int length) {
    this.model = model;
    this.teacher = teacher;
    this.head = head;
    this.spec = spec;
    Decoder decoder = model.decoder();
    this.inputs =
        new LayerInputs(
            decoder.engine(),
            model.layers(),
            Math.min(spec.microBatch(), spec.batch()),
            length,
            decoder.config().hidden());
  }

  /**
   * Leaves the gradient at every parameter in {@link Parameters}, and the loads in {@link
   * LoadBalance}.
   *
   * @return sums of cross-entropy and of divergence over the predicted tokens, nats
   */
  double[] run(List<int[]> windows, long step) {
    model.parameters().clearGradients();
    model.balance().forget();
    double unit = 1.0 / ((windows.get(0).length - 1.0) * windows.size());
    double[] sums = new double[2];
    for (int first = 0; first < windows.size(); first += spec.microBatch()) {
      int end = Math.min(windows.size(), first + spec.microBatch());
      long seed = Streams.seed(spec.seed(), "dropout", step, first);
      try (Scope scope = model.decoder().engine().scope()) {
        LossHead.Losses losses = micro(scope, windows.subList(first, end), unit, seed);
        sums[0] += losses.entropy();
        sums[1] += losses.divergence();
      }
    }
    return sums;
  }

  private LossHead.Losses micro(Scope scope, List<int[]> windows, double unit, long seed) {
    // The teacher first: its hidden states are one tensor, and then its layers are gone.
    Optional<Tensor> taught =
        teacher.map(decoder -> decoder.run(scope, windows.toArray(int[][]::new)));
    Tensor x = model.embed(scope, windows);
    for (int i = 0; i < model.layers(); i++) {
      inputs.set(i, x);
      try (Scope held = scope.child()) {
        TrainedLayer.Output output =
            model.layer(held, i).forwardInTraining(held, x, Streams.seed(seed, "layer", i));
        model.balance().count(i, output.chosen());
        x.close();
        x = scope.keep(output.y());
      }
    }
    LossHead.Losses losses = head.losses(scope, x, taught, windows, unit);
    x.close();
    taught.ifPresent(Tensor::close);
    Tensor gradient = losses.gradient();
    for (int i = model.layers() - 1; i >= 0; i--) {
      try (Scope held = scope.child()) {
        TrainedLayer.Gradients gradients =
            model
                .layer(held, i)
                .backward(
                    held,
                    inputs.get(held, i, windows.size()),
                    gradient,
                    Streams.seed(seed, "layer", i));
        model.parameters().gather(held, i, gradients.trained());
        gradient.close();
        if (gradients.input().isPresent()) {
          gradient = scope.keep(gradients.input().get());
        }
      }
    }
    return losses;
  }

  @Override
  public void close() {
    inputs.close();
  }
}
