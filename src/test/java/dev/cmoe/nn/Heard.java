package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Remembers what it is told of feed-forward blocks. */
final class Heard implements FeedForwardProbe {
  private final boolean everyToken;
  private final List<Integer> layers = new ArrayList<>();
  private final List<Matrix> gates = new ArrayList<>();

  Heard(boolean everyToken) {
    this.everyToken = everyToken;
  }

  /** Layers whose block ran, in turn. */
  List<Integer> layers() {
    return layers;
  }

  /** What each router gave, in turn. */
  List<Matrix> gates() {
    return gates;
  }

  void clear() {
    layers.clear();
    gates.clear();
  }

  @Override
  public boolean wantsEveryToken() {
    return everyToken;
  }

  @Override
  public void routed(int layer, Tensor given, long nanos) {
    assertThat(nanos).isPositive();
    gates.add(Matrix.of(given));
  }

  @Override
  public void ran(int layer, long nanos) {
    assertThat(nanos).isPositive();
    layers.add(layer);
  }
}
