package dev.cmoe.nn;

import dev.cmoe.arch.Activation;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Longs;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** y = (act(z Wgate) ⊙ (z Wup)) Wdown, or y = act(z Wup) Wdown. */
public final class DenseFeedForward implements FeedForward {
  private final Kernel kernel;
  private final int scalarType;
  private final Activation activation;

  /** What {@link #inward} are views of where one lies behind the other, else the same. */
  private final List<Tensor> stacked;

  private final List<Tensor> inward;
  private final Tensor down;
  private final List<Tensor> inwardBiases;
  private final List<Tensor> downBias;
  private final List<Tensor> biases;

  DenseFeedForward(
      Engine engine, Weights weights, Activation activation, LayerLayout layout, Scope scope) {
    this.kernel = engine.kernel(FeedForward.class, "feedforward");
    this.scalarType = weights.type().scalarType();
    this.activation = activation;
    this.stacked = weights.stackedParts(scope, layout.inward());
    this.inward = stacked.size() < layout.inward().size() ? halves(engine, scope) : stacked;
    this.down = weights.load(scope, layout.down());
    this.inwardBiases = weights.load(scope, layout.inwardBiases());
    this.downBias = weights.load(scope, layout.downBias());
    this.biases = Stream.concat(inwardBiases.stream(), downBias.stream()).toList();
  }

  private List<Tensor> halves(Engine engine, Scope scope) {
    Tensor both = stacked.get(0);
    long rows = both.size(0) / 2;
    Kernel ends = engine.kernel(Decoder.class, "decoder");
    Longs shape = new Longs(rows, both.size(1));
    return List.of(
        ends.call(scope, "rows", both, 0L, rows, shape),
        ends.call(scope, "rows", both, rows, rows, shape));
  }

  @Override
  public Tensor forward(Scope into, Tensor z, Routing routing) {
    return kernel.call(into, "dense", z, stacked, down, biases, activation.code(), scalarType);
  }

  @Override
  public String steps() {
    return "denseSteps";
  }

  @Override
  public List<Object> stepArguments() {
    return List.of(activation.code());
  }

  @Override
  public List<List<Tensor>> stepTensors() {
    return List.of(stacked, List.of(down), biases);
  }

  public Activation activation() {
    return activation;
  }

  /** Wgate and Wup [d_ff,d], or Wup alone, in the compute type. */
  public List<Tensor> inward() {
    return inward;
  }

  /** Wdown [d,d_ff] in the compute type. */
  public Tensor down() {
    return down;
  }

  /** None, or the biases of {@link #inward}, [d_ff] each. */
  public List<Tensor> inwardBiases() {
    return inwardBiases;
  }

  /** None, or the bias of {@link #down}, [d]. */
  public List<Tensor> downBias() {
    return downBias;
  }
}
