package dev.cmoe.finetune;

import dev.cmoe.engine.Device;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;

/** One engine for all tests that need gradients, and float64 tensors. */
final class GradientEngine {
  private static final Engine ENGINE = Engine.startForGradients(Device.CPU, 1);
  static final int FLOAT64 = 7;

  private GradientEngine() {}

  static Engine get() {
    return ENGINE;
  }

  private static Kernel kernel() {
    return ENGINE.kernel(GradientEngine.class, "wide");
  }

  /** Standard normal values times {@code scale}, float64. */
  static Tensor random(Scope scope, long seed, double scale, long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    return wide(scope, Matrix.random(seed, 1, count).scaled(scale).tensor(scope, shape));
  }

  static Tensor wide(Scope scope, Tensor x) {
    return kernel().call(scope, "to", x, FLOAT64);
  }

  static double dot(Scope scope, Tensor a, Tensor b) {
    return kernel().call(scope, "dot", a, b).toDoubles()[0];
  }

  static Tensor moved(Scope scope, Tensor x, int place, double step) {
    return kernel().call(scope, "moved", x, place, step);
  }
}
