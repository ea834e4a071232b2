package dev.cmoe.finetune;

import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import java.util.List;
import java.util.function.BiFunction;

/** Measures a model in training on text that it is not trained on. */
final class HeldOut {
  /**
   * @param entropy mean cross-entropy of the predicted tokens, nats
   * @param load tokens that chose each routed expert, by layer
   */
  record Result(double entropy, long[][] load) {
    double perplexity() {
      return Math.exp(entropy);
    }
  }

  private final TrainedModel model;
  private final LossHead head;
  private final List<int[]> windows;
  private final int together;

  /**
   * @param together windows at a time
   */
  HeldOut(TrainedModel model, LossHead head, List<int[]> windows, int together) {
    this.model = model;
    this.head = head;
    this.windows = windows;
    this.together = together;
  }

  Result measure() {
    long[][] load = new long[model.layers()][];
    for (int i = 0; i < load.length; i++) {
      load[i] = new long[model.balance().bias(i).length];
    }
    double entropy = mean((scope, part) -> head.entropy(scope, run(scope, part, load), part));
    return new Result(entropy, load);
  }

  /** Perplexity of the teacher on the same windows. */
  double perplexity(Decoder teacher) {
    return Math.exp(
        mean(
            (scope, part) ->
                head.teacherEntropy(scope, teacher.run(scope, part.toArray(int[][]::new)), part)));
  }

  /**
   * @param nats sum of cross-entropy over the predicted tokens of some windows
   */
  private double mean(BiFunction<Scope, List<int[]>, Double> nats) {
    double sum = 0;
    for (int first = 0; first < windows.size(); first += together) {
      List<int[]> part = windows.subList(first, Math.min(windows.size(), first + together));
      try (Scope scope = model.decoder().engine().scope()) {
        sum += nats.apply(scope, part);
      }
    }
    return sum / ((windows.get(0).length - 1.0) * windows.size());
  }

  private Tensor run(Scope scope, List<int[]> part, long[][] load) {
    Tensor x = model.embed(scope, part);
    for (int i = 0; i < model.layers(); i++) {
      try (Scope held = scope.child()) {
        TrainedLayer.Output output = model.layer(held, i).forward(held, x);
        for (int e = 0; e < output.chosen().length; e++) {
          load[i][e] += output.chosen()[e];
        }
        x.close();
        x = scope.keep(output.y());
      }
    }
    return x;
  }
}
