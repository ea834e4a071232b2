package dev.cmoe.job.doctor;

import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.MappedFiles;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.Arrays;

/** Where the tensors of one comparison live, in one compute type. */
record Block(MappedFiles files, Scope scope, ComputeType type) implements AutoCloseable {
  static Block open(Engine engine, ComputeType type) {
    return new Block(new MappedFiles(engine), engine.scope(), type);
  }

  int scalarType() {
    return type.scalarType();
  }

  /** Float32, whatever the compute type: inputs, routers, norms. */
  Tensor input(double[][] rows, long... shape) {
    return scope.of(floats(rows), shape);
  }

  Tensor input(double[][] rows) {
    return input(rows, rows.length, rows[0].length);
  }

  Tensor input(double[] values) {
    return input(new double[][] {values}, values.length);
  }

  /** In the compute type. */
  Tensor weight(double[][] rows, long... shape) {
    return files.place(scope, input(rows, shape), type);
  }

  Tensor weight(double[][] rows) {
    return weight(rows, rows.length, rows[0].length);
  }

  /** A float32 tensor as rows of its last dimension. */
  static double[][] rows(Tensor tensor) {
    float[] values = tensor.toFloats();
    int columns = Math.toIntExact(tensor.shape()[tensor.shape().length - 1]);
    double[][] rows = new double[values.length / columns][columns];
    for (int i = 0; i < values.length; i++) {
      rows[i / columns][i % columns] = values[i];
    }
    return rows;
  }

  private static float[] floats(double[][] rows) {
    double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    float[] values = new float[flat.length];
    for (int i = 0; i < flat.length; i++) {
      values[i] = (float) flat[i];
    }
    return values;
  }

  @Override
  public void close() {
    scope.close();
    files.close();
  }
}
