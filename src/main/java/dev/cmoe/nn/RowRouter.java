package dev.cmoe.nn;

import dev.cmoe.arch.Activation;
import dev.cmoe.engine.Tensor;
import dev.cmoe.vector.Floats;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Which experts run for one row, and with which gates: in Java what the kernel "feedforward" does
 * under the names offer and runOfRow.
 */
final class RowRouter {
  private final Activation activation;
  private final Mixture.Routes.Kind kind;
  private final List<ByteBuffer> matrices;
  private final float[] bias;
  private final float[] selection;
  private final float[] scale;
  private final float[] score;
  private final float[] preference;
  private final boolean[] runs;
  private final int[] chosen;
  private final float[] gates;

  /** Takes the routes' memory as it is: they must stay open. */
  RowRouter(Mixture.Routes routes, Activation activation) {
    this.activation = activation;
    kind = routes.kind();
    boolean biased = kind == Mixture.Routes.Kind.LINEAR;
    List<Tensor> parts = routes.parts();
    matrices = (biased ? parts.subList(0, 1) : parts).stream().map(Tensor::memory).toList();
    bias = biased ? parts.get(1).toFloats() : null;
    selection = routes.experts() == 0 ? new float[0] : routes.selection().get(0).toFloats();
    scale = routes.gateScale().isEmpty() ? null : routes.gateScale().get(0).toFloats();
    score = new float[selection.length];
    preference = new float[selection.length];
    runs = new boolean[selection.length];
    chosen = new int[routes.active()];
    gates = new float[routes.active()];
  }

  /** E; 0 where there is nothing to choose. */
  int experts() {
    return selection.length;
  }

  /** How many run. */
  int active() {
    return chosen.length;
  }

  /** The {@code i}-th of those that run, in ascending order, after {@link #choose}. */
  int chosen(int i) {
    return chosen[i];
  }

  /** Its gate. */
  float gate(int i) {
    return gates[i];
  }

  /** Gates of all experts, 0 for those that do not run. */
  float[] allGates() {
    float[] all = new float[experts()];
    for (int i = 0; i < chosen.length; i++) {
      all[chosen[i]] = gates[i];
    }
    return all;
  }

  /** Chooses for the row z [d] after the norm. */
  void choose(float[] z) {
    if (experts() == 0) {
      return;
    }
    score(z);
    for (int e = 0; e < score.length; e++) {
      preference[e] = score[e] + selection[e];
    }
    take();
    gate();
  }

  private void score(float[] z) {
    for (int e = 0; e < score.length; e++) {
      score[e] = Floats.dot(matrices.get(0), e, z);
    }
    switch (kind) {
      case BILINEAR -> {
        RowBlock.activate(activation, score, 0, score.length);
        for (int e = 0; e < score.length; e++) {
          float up = matrices.size() > 1 ? Floats.dot(matrices.get(1), e, z) : 1;
          score[e] = Math.abs(score[e] * up);
        }
        Floats.softmax(score, score.length);
      }
      case LINEAR -> {
        for (int e = 0; e < score.length; e++) {
          score[e] += bias[e];
        }
      }
      case SIGMOID -> {
        for (int e = 0; e < score.length; e++) {
          score[e] = (float) (1 / (1 + Math.exp(-score[e])));
        }
      }
      case NONE -> throw new IllegalStateException("no router");
    }
  }

  /** Of equal preferences the lower expert's, and NaN first, as where rows are sorted. */
  private void take() {
    Arrays.fill(runs, false);
    for (int i = 0; i < chosen.length; i++) {
      int best = -1;
      for (int e = 0; e < preference.length; e++) {
        if (!runs[e] && (best < 0 || isBefore(preference[e], preference[best]))) {
          best = e;
        }
      }
      runs[best] = true;
      chosen[i] = best;
    }
    Arrays.sort(chosen);
  }

  private static boolean isBefore(float a, float b) {
    return a > b || Float.isNaN(a) && !Float.isNaN(b);
  }

  private void gate() {
    if (kind == Mixture.Routes.Kind.SIGMOID) {
      float total = 1e-20f;
      for (int e : chosen) {
        total += score[e];
      }
      for (int i = 0; i < chosen.length; i++) {
        gates[i] = score[chosen[i]] / total * chosen.length;
      }
    } else if (scale == null) {
      Arrays.fill(gates, 1);
    } else {
      if (kind == Mixture.Routes.Kind.LINEAR) {
        Floats.softmax(score, score.length);
      }
      for (int i = 0; i < chosen.length; i++) {
        gates[i] = 1 + score[chosen[i]] * scale[chosen[i]];
      }
    }
  }
}
