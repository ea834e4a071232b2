package dev.cmoe.finetune;

import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.finetune.LayerCase.Trait;
import java.util.ArrayList;
import java.util.List;

/** Parts of a feed-forward block in plain double arithmetic. */
final class PlainBlock {
  private static final double SCALE = 2;

  private PlainBlock() {}

  /** The block's input z, row-major [tokens][d]. */
  static double[] input(Scope scope, LayerCase layer) {
    Kernel kernel = GradientEngine.get().kernel(TrainedLayer.class, "layer");
    List<Object> arguments = new ArrayList<>(List.of(layer.x, layer.trained));
    arguments.add(layer.frozen(0));
    arguments.add(1e-5);
    for (int i = 1; i <= 3; i++) {
      arguments.add(layer.frozen(i));
    }
    arguments.addAll(layer.rotary());
    arguments.addAll(List.of(LayerCase.HEADS, LayerCase.SHARED_HEADS, SCALE, 0., 7));
    Tensor[] qkv = kernel.callAll(scope, "projected", arguments.toArray());
    Tensor y = kernel.call(scope, "mixed", qkv[0], qkv[1], qkv[2], 0.5, 0., 0);
    double[] z =
        kernel
            .call(
                scope,
                "attention",
                y,
                layer.trained,
                1e-5,
                layer.frozen(1),
                layer.frozen(2),
                layer.frozen(4),
                SCALE,
                0.,
                7)
            .toDoubles();
    double[] x = layer.x.toDoubles();
    double[] norm = layer.frozen(7).get(0).toDoubles();
    int d = LayerCase.HIDDEN;
    for (int t = 0; t < z.length / d; t++) {
      double square = 0;
      for (int i = 0; i < d; i++) {
        z[t * d + i] += x[t * d + i];
        square += z[t * d + i] * z[t * d + i] / d;
      }
      for (int i = 0; i < d; i++) {
        z[t * d + i] *= norm[i] / Math.sqrt(square + 1e-5);
      }
    }
    return z;
  }

  /** E_e(z) of a token, [d]. */
  static double[] expert(Scope scope, LayerCase layer, int token, int e) {
    int d = LayerCase.HIDDEN;
    int m = LayerCase.WIDTH;
    boolean gated = !layer.has(Trait.UNGATED);
    int rows = gated ? 2 * m : m;
    double[] z = new double[d];
    System.arraycopy(input(scope, layer), token * d, z, 0, d);
    double[] h = product(layer, "experts.in", layer.frozen(12).get(0).toDoubles(), e, rows, d, z);
    if (!layer.frozen(14).isEmpty()) {
      double[] bias = layer.frozen(14).get(0).toDoubles();
      for (int i = 0; i < rows; i++) {
        h[i] += bias[e * rows + i];
      }
    }
    double[] hidden = new double[m];
    for (int i = 0; i < m; i++) {
      hidden[i] = h[i] / (1 + Math.exp(-h[i])) * (gated ? h[m + i] : 1);
    }
    return product(layer, "experts.down", layer.frozen(13).get(0).toDoubles(), e, d, m, hidden);
  }

  /** (W_e + 2 B_e A_e) x for W [E,rows,in]. */
  private static double[] product(
      LayerCase layer, String name, double[] weight, int e, int rows, int in, double[] x) {
    double[] a = layer.trained.get(name + ".a").toDoubles();
    double[] b = layer.trained.get(name + ".b").toDoubles();
    int rank = LayerCase.RANK;
    double[] y = new double[rows];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < in; j++) {
        double w = weight[(e * rows + i) * in + j];
        for (int r = 0; r < rank; r++) {
          w += SCALE * b[(e * rows + i) * rank + r] * a[(e * rank + r) * in + j];
        }
        y[i] += w * x[j];
      }
    }
    return y;
  }
}
