package dev.cmoe.carve.grouping;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.NativeFailure;
import java.io.File;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's matrix products, tried on their own.
 *
 * @param backend ND4J's name of it
 * @param error largest difference to plain arithmetic, as a part of the largest element
 */
public record HostProducts(String backend, double error) {
  /** How the folder of unpacked libraries is moved. */
  public static final String CACHE =
      "let CMOE_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=DIR name another folder";

  private static final int N = 33;
  private static final int Q = 65;
  private static final int K = 17;

  /**
   * Starts ND4J and multiplies two small random matrices.
   *
   * @throws CmoeException of kind RESOURCES when ND4J cannot be loaded
   */
  public static HostProducts tried() {
    try {
      return new HostProducts(Nd4j.getBackend().getClass().getSimpleName(), difference());
    } catch (RuntimeException | LinkageError e) {
      NativeFailure why = NativeFailure.of(e, CACHE);
      throw CmoeException.resources(
          "ND4J could not be loaded: " + why.reason() + "; " + why.remedy(), e);
    }
  }

  /** The folder that ND4J's natives are unpacked into; empty when none can be written. */
  public static Optional<Path> cache() {
    try {
      return Optional.ofNullable(Loader.getCacheDir()).map(File::toPath);
    } catch (IOException | LinkageError e) {
      return Optional.empty();
    }
  }

  private static double difference() {
    FloatBuffer x = random(1, N * Q);
    FloatBuffer a = random(2, Q * K);
    FloatBuffer out = Nd4jGemm.allocate((long) N * K);
    Nd4jGemm.times(x, a, out, N, Q, K);
    double largest = 0;
    double apart = 0;
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < K; j++) {
        double sum = 0;
        for (int k = 0; k < Q; k++) {
          sum += (double) x.get(i * Q + k) * a.get(k * K + j);
        }
        largest = Math.max(largest, Math.abs(sum));
        double here = Math.abs(sum - out.get(i * K + j));
        apart = Math.max(apart, Double.isNaN(here) ? Double.MAX_VALUE : here);
      }
    }
    return apart / largest;
  }

  private static FloatBuffer random(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    FloatBuffer values = Nd4jGemm.allocate(count);
    for (int i = 0; i < count; i++) {
      values.put(i, (float) random.nextGaussian());
    }
    return values;
  }
}
