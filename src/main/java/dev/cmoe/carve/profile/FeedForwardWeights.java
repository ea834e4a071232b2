package dev.cmoe.carve.profile;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.DenseFeedForward;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a dense SwiGLU block with its neurons padded to a number that the experts divide:
 * a padding neuron has zero weights, so it changes nothing. The neurons can be brought into another
 * order; the dense block's own tensors are then gone, so that a layer is held once.
 */
public final class FeedForwardWeights {
  private final Kernel profile;
  private final Kernel feedForward;
  private final ComputeType type;
  private final int neurons;
  private final int width;
  private Tensor gate;
  private Tensor up;
  private Tensor down;
  private Tensor columnNorms;
  private List<Tensor> bias;
  private final List<Tensor> downBias;

  /** Pads {@code dense} to {@code width} neurons; new tensors live in {@code scope}. */
  public FeedForwardWeights(
      Engine engine, Scope scope, DenseFeedForward dense, ComputeType type, int width) {
    this.profile = engine.kernel(LayerActivations.class, "profile");
    this.feedForward = engine.kernel(dev.cmoe.nn.FeedForward.class, "feedforward");
    this.type = type;
    this.neurons = Math.toIntExact(dense.gate().size(0));
    this.width = width;
    boolean pad = neurons != width;
    gate = pad ? profile.call(scope, "padRows", dense.gate(), width) : dense.gate();
    up = pad ? profile.call(scope, "padRows", dense.up(), width) : dense.up();
    down = pad ? profile.call(scope, "padColumns", dense.down(), width) : dense.down();
    columnNorms = profile.call(scope, "columnNorms", down);
    bias = new ArrayList<>();
    for (Tensor vector : dense.biases().subList(0, Math.min(2, dense.biases().size()))) {
      bias.add(pad ? profile.call(scope, "padVector", vector, width) : vector);
    }
    downBias = dense.biases().isEmpty() ? List.of() : List.of(dense.biases().get(2));
  }

  /** Neurons of the dense block, d_ff. */
  public int neurons() {
    return neurons;
  }

  /** Neurons with padding. */
  public int width() {
    return width;
  }

  public ComputeType type() {
    return type;
  }

  /** Wgate [width,d]. */
  public Tensor gate() {
    return gate;
  }

  /** Wup [width,d]. */
  public Tensor up() {
    return up;
  }

  /** Wdown [d,width]. */
  public Tensor down() {
    return down;
  }

  /** None, or the biases of gate and up, [width] each. */
  List<Tensor> bias() {
    return bias;
  }

  /** None, or the bias of the down-projection [d]. */
  public List<Tensor> downBias() {
    return downBias;
  }

  /** ‖Wdown[:,j]‖, float32 [width]. */
  public Tensor columnNorms() {
    return columnNorms;
  }

  /** h = SiLU(z Wgate) ⊙ (z Wup), [n,width] in the compute type. */
  public Tensor hidden(Scope into, Tensor z) {
    return feedForward.call(into, "hidden", z, gate, up, bias, type.scalarType());
  }

  /** Rows {@code ids} of {@code matrix}, gate or up, as float32. */
  public Tensor rows(Scope into, Tensor matrix, int... ids) {
    try (Scope scratch = into.child()) {
      Tensor rows = profile.call(scratch, "rowsReordered", matrix, scratch.of(ids));
      return profile.call(into, "toFloat", rows);
    }
  }

  void reorder(Scope scope, Tensor ids) {
    gate = replace(scope, "rowsReordered", gate, ids);
    up = replace(scope, "rowsReordered", up, ids);
    down = replace(scope, "reordered", down, ids);
    columnNorms = replace(scope, "rowsReordered", columnNorms, ids);
    bias = bias.stream().map(vector -> replace(scope, "rowsReordered", vector, ids)).toList();
  }

  private Tensor replace(Scope scope, String method, Tensor old, Tensor ids) {
    Tensor next = profile.call(scope, method, old, ids);
    old.close();
    return next;
  }
}
