package dev.cmoe.engine;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Plain double arithmetic on small matrices: what kernels are compared with. */
public record Matrix(double[][] values) {

  /** Standard normal values that float32 holds exactly. */
  public static Matrix random(long seed, int rows, int columns) {
    SplittableRandom random = new SplittableRandom(seed);
    return of(rows, columns, () -> (float) random.nextGaussian());
  }

  private static Matrix of(int rows, int columns, java.util.function.DoubleSupplier next) {
    double[][] values = new double[rows][columns];
    for (double[] row : values) {
      Arrays.setAll(row, i -> next.getAsDouble());
    }
    return new Matrix(values);
  }

  public static Matrix zeros(int rows, int columns) {
    return new Matrix(new double[rows][columns]);
  }

  public static Matrix row(double... values) {
    return new Matrix(new double[][] {values});
  }

  /** A float32 tensor; all dimensions but the last become rows. */
  public static Matrix of(Tensor tensor) {
    float[] flat = tensor.toFloats();
    int columns = Math.toIntExact(tensor.shape()[tensor.shape().length - 1]);
    double[][] values = new double[columns == 0 ? 0 : flat.length / columns][columns];
    for (int i = 0; i < flat.length; i++) {
      values[i / columns][i % columns] = flat[i];
    }
    return new Matrix(values);
  }

  public int rows() {
    return values.length;
  }

  public int columns() {
    return values[0].length;
  }

  public double at(int i, int j) {
    return values[i][j];
  }

  /** Row {@code i}. */
  public double[] row(int i) {
    return values[i];
  }

  /** Column {@code j}. */
  public double[] column(int j) {
    return Arrays.stream(values).mapToDouble(row -> row[j]).toArray();
  }

  /** Float32 [rows, columns]. */
  public Tensor tensor(Scope scope) {
    return tensor(scope, rows(), columns());
  }

  /** Float32 of another shape with the same elements. */
  public Tensor tensor(Scope scope, long... shape) {
    return scope.of(floats(), shape);
  }

  /** Row-major. */
  public float[] floats() {
    double[] flat = Arrays.stream(values).flatMapToDouble(Arrays::stream).toArray();
    float[] floats = new float[flat.length];
    for (int i = 0; i < flat.length; i++) {
      floats[i] = (float) flat[i];
    }
    return floats;
  }

  public Matrix map(DoubleUnaryOperator f) {
    return new Matrix(
        Arrays.stream(values)
            .map(row -> Arrays.stream(row).map(f).toArray())
            .toArray(double[][]::new));
  }

  /** Element by element; {@code other} has the same shape, or is one row for all. */
  public Matrix with(Matrix other, DoubleBinaryOperator f) {
    double[][] result = new double[rows()][columns()];
    for (int i = 0; i < rows(); i++) {
      double[] right = other.values[other.rows() == 1 ? 0 : i];
      for (int j = 0; j < columns(); j++) {
        result[i][j] = f.applyAsDouble(values[i][j], right[j]);
      }
    }
    return new Matrix(result);
  }

  public Matrix plus(Matrix other) {
    return with(other, Double::sum);
  }

  public Matrix minus(Matrix other) {
    return with(other, (a, b) -> a - b);
  }

  public Matrix scaled(double factor) {
    return map(value -> value * factor);
  }

  public Matrix times(Matrix right) {
    double[][] result = new double[rows()][right.columns()];
    for (int i = 0; i < rows(); i++) {
      for (int k = 0; k < right.rows(); k++) {
        for (int j = 0; j < right.columns(); j++) {
          result[i][j] += values[i][k] * right.values[k][j];
        }
      }
    }
    return new Matrix(result);
  }

  public Matrix transposed() {
    double[][] result = new double[columns()][rows()];
    for (int i = 0; i < rows(); i++) {
      for (int j = 0; j < columns(); j++) {
        result[j][i] = values[i][j];
      }
    }
    return new Matrix(result);
  }

  /** What torch.linear computes: this times the transposed {@code weight}. */
  public Matrix linear(Matrix weight) {
    return times(weight.transposed());
  }

  public Matrix rowsOf(int... ids) {
    return new Matrix(Arrays.stream(ids).mapToObj(i -> values[i].clone()).toArray(double[][]::new));
  }

  public Matrix columnsOf(int... ids) {
    return transposed().rowsOf(ids).transposed();
  }

  /** Rows [first, first + count). */
  public Matrix rows(int first, int count) {
    return rowsOf(IntStream.range(first, first + count).toArray());
  }

  /** Columns [first, first + count). */
  public Matrix columns(int first, int count) {
    return columnsOf(IntStream.range(first, first + count).toArray());
  }

  /** Each row scaled by {@code factor} of its number. */
  public Matrix scaledRows(IntToDoubleFunction factor) {
    double[][] result = new double[rows()][];
    for (int i = 0; i < result.length; i++) {
      double by = factor.applyAsDouble(i);
      result[i] = Arrays.stream(values[i]).map(value -> value * by).toArray();
    }
    return new Matrix(result);
  }

  public double sumOfSquares() {
    return Arrays.stream(values).flatMapToDouble(Arrays::stream).map(v -> v * v).sum();
  }

  /** Euclidean length of each row. */
  public double[] rowNorms() {
    return Arrays.stream(values)
        .mapToDouble(row -> Math.sqrt(Arrays.stream(row).map(v -> v * v).sum()))
        .toArray();
  }

  /** X with this X = right, by elimination with pivots. */
  public Matrix solve(Matrix right) {
    int n = rows();
    double[][] a = map(v -> v).values;
    double[][] b = right.map(v -> v).values;
    for (int k = 0; k < n; k++) {
      int pivot = k;
      for (int i = k + 1; i < n; i++) {
        pivot = Math.abs(a[i][k]) > Math.abs(a[pivot][k]) ? i : pivot;
      }
      swap(a, k, pivot);
      swap(b, k, pivot);
      for (int i = 0; i < n; i++) {
        if (i != k) {
          double factor = a[i][k] / a[k][k];
          for (int j = k; j < n; j++) {
            a[i][j] -= factor * a[k][j];
          }
          for (int j = 0; j < b[i].length; j++) {
            b[i][j] -= factor * b[k][j];
          }
        }
      }
    }
    return new Matrix(b).scaledRows(i -> 1 / a[i][i]);
  }

  private static void swap(double[][] rows, int i, int j) {
    double[] row = rows[i];
    rows[i] = rows[j];
    rows[j] = row;
  }

  /** Largest |difference| to {@code other}; infinite when the shapes differ or one is NaN. */
  public double distance(Matrix other) {
    if (rows() != other.rows() || rows() > 0 && columns() != other.columns()) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (int i = 0; i < rows(); i++) {
      for (int j = 0; j < columns(); j++) {
        double difference = Math.abs(values[i][j] - other.values[i][j]);
        largest = difference >= 0 ? Math.max(largest, difference) : Double.POSITIVE_INFINITY;
      }
    }
    return largest;
  }

  public static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  @Override
  public String toString() {
    return Arrays.deepToString(values);
  }
}
