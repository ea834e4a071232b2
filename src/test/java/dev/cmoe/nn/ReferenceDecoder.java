package dev.cmoe.nn;

import dev.cmoe.engine.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** A dense decoder in plain double arithmetic, one token after the other. */
public final class ReferenceDecoder {
  private final TinyModel model;

  public ReferenceDecoder(TinyModel model) {
    this.model = model;
  }

  /** Logits [T,V]. */
  public Matrix logits(int[] tokens) {
    Matrix x = embed(tokens);
    for (int i = 0; i < model.layers(); i++) {
      x = layer(i, x);
    }
    Matrix head = model.weight("lm_head.weight");
    return normed(x, "model.norm.weight")
        .linear(head == null ? model.weight("model.embed_tokens.weight") : head);
  }

  public Matrix embed(int[] tokens) {
    return model.weight("model.embed_tokens.weight").rowsOf(tokens);
  }

  public Matrix layer(int i, Matrix x) {
    Matrix residual = attend(i, x);
    return residual.plus(
        feedForward(i, normed(residual, "model.layers." + i + ".post_attention_layernorm.weight")));
  }

  public Matrix attend(int i, Matrix x) {
    String layer = "model.layers." + i + ".";
    Matrix z = normed(x, layer + "input_layernorm.weight");
    Matrix q = project(z, layer + "self_attn.q_proj");
    Matrix k = project(z, layer + "self_attn.k_proj");
    Matrix v = project(z, layer + "self_attn.v_proj");
    return x.plus(
        project(
            attention(q, k, v, TinyModel.HEADS, TinyModel.KEY_VALUE_HEADS, angles()),
            layer + "self_attn.o_proj"));
  }

  /** y of normed rows z. */
  public Matrix feedForward(int i, Matrix z) {
    return project(hidden(i, z), "model.layers." + i + ".mlp.down_proj");
  }

  /** h of normed rows z. */
  public Matrix hidden(int i, Matrix z) {
    Matrix gate = project(z, "model.layers." + i + ".mlp.gate_proj").map(Matrix::silu);
    return gate.with(project(z, "model.layers." + i + ".mlp.up_proj"), (a, b) -> a * b);
  }

  private Matrix project(Matrix x, String name) {
    Matrix bias = model.weight(name + ".bias");
    Matrix y = x.linear(model.weight(name + ".weight"));
    return bias == null ? y : y.plus(bias);
  }

  private Matrix normed(Matrix x, String name) {
    return normed(x, model.weight(name), TinyModel.EPSILON);
  }

  static Matrix normed(Matrix x, Matrix norm, double epsilon) {
    int width = x.columns();
    return x.scaledRows(
            t -> 1 / Math.sqrt(DoubleStream.of(x.row(t)).map(v -> v * v).sum() / width + epsilon))
        .with(norm, (a, b) -> a * b);
  }

  private static double[] angles() {
    double[] angles = new double[TinyModel.HEAD_DIM / 2];
    for (int i = 0; i < angles.length; i++) {
      angles[i] = Math.pow(10000, -2.0 * i / TinyModel.HEAD_DIM);
    }
    return angles;
  }

  /** Causal attention with rotary positions; [T,heads*D] and [T,shared*D] twice. */
  static Matrix attention(
      Matrix q, Matrix k, Matrix v, int heads, int shared, double[] frequencies) {
    int width = 2 * frequencies.length;
    List<Matrix> parts = new ArrayList<>();
    for (int h = 0; h < heads; h++) {
      int source = h / (heads / shared);
      Matrix query = turned(q.columns(h * width, width), frequencies);
      Matrix key = turned(k.columns(source * width, width), frequencies);
      Matrix value = v.columns(source * width, width);
      Matrix mixed = Matrix.zeros(q.rows(), width);
      for (int t = 0; t < q.rows(); t++) {
        double[] share = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
          double score = 0;
          for (int i = 0; i < width; i++) {
            score += query.at(t, i) * key.at(s, i);
          }
          share[s] = Math.exp(score / Math.sqrt(width));
          sum += share[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int i = 0; i < width; i++) {
            mixed.row(t)[i] += share[s] / sum * value.at(s, i);
          }
        }
      }
      parts.add(mixed.transposed());
    }
    return new Matrix(
            parts.stream().flatMap(part -> Arrays.stream(part.values())).toArray(double[][]::new))
        .transposed();
  }

  private static Matrix turned(Matrix x, double[] frequencies) {
    int half = frequencies.length;
    Matrix result = Matrix.zeros(x.rows(), 2 * half);
    for (int t = 0; t < x.rows(); t++) {
      for (int i = 0; i < half; i++) {
        double cos = Math.cos(t * frequencies[i]);
        double sin = Math.sin(t * frequencies[i]);
        result.row(t)[i] = x.at(t, i) * cos - x.at(t, i + half) * sin;
        result.row(t)[i + half] = x.at(t, i + half) * cos + x.at(t, i) * sin;
      }
    }
    return result;
  }
}
