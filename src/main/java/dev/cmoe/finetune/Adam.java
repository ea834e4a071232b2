package dev.cmoe.finetune;

import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;
import java.util.function.Function;

/** AdamW (Loshchilov and Hutter 2019) in float32, each kind of parameter at a rate of its own. */
final class Adam {
  private final Engine engine;
  private final Kernel kernel;
  private final OptimizerSpec spec;
  private final long total;

  /**
   * @param total updates of the whole run, for the schedule
   */
  Adam(Engine engine, OptimizerSpec spec, long total) {
    this.engine = engine;
    this.kernel = engine.kernel(Adam.class, "optimizer");
    this.spec = spec;
    this.total = total;
  }

  /** Length of all gradients taken together. */
  double length(Parameters parameters) {
    try (Scope scratch = engine.scope()) {
      return kernel.call(
              scratch, "length", tensors(parameters.entries(), Parameters.Entry::gradient))
          .toDoubles()[0];
    }
  }

  /** What the learning rates of an update are multiplied with. */
  double rate(long update) {
    return spec.schedule().factor(update, total);
  }

  /**
   * Moves the parameters by their gradients, which are clipped first.
   *
   * @param update how many updates there were before
   * @param length of all gradients
   */
  void update(Parameters parameters, long update, double length) {
    double clip = spec.clip() > 0 && length > spec.clip() ? spec.clip() / length : 1;
    double factor = rate(update);
    try (Scope scratch = engine.scope()) {
      for (TrainedKind kind : TrainedKind.values()) {
        List<Parameters.Entry> entries = parameters.of(kind);
        if (!entries.isEmpty()) {
          kernel.apply(
              scratch,
              "adam",
              tensors(entries, Parameters.Entry::value),
              tensors(entries, Parameters.Entry::gradient),
              tensors(entries, Parameters.Entry::first),
              tensors(entries, Parameters.Entry::second),
              clip,
              spec.rate(kind) * factor,
              spec.beta1(),
              spec.beta2(),
              spec.epsilon(),
              spec.decay(),
              1 - Math.pow(spec.beta1(), update + 1.0),
              1 - Math.pow(spec.beta2(), update + 1.0));
        }
      }
    }
  }

  private static List<Tensor> tensors(
      List<Parameters.Entry> entries, Function<Parameters.Entry, Tensor> part) {
    return entries.stream().map(part).toList();
  }
}
