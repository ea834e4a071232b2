package dev.cmoe.engine;

/**
 * Where kernels run.
 *
 * @param gpu which GPU, from 0; -1 for the CPU
 */
public record Device(int gpu) {
  public static final Device CPU = new Device(-1);

  public boolean isGpu() {
    return gpu >= 0;
  }

  /** The name that libtorch uses. */
  String torchName() {
    return isGpu() ? "cuda:" + gpu : "cpu";
  }

  @Override
  public String toString() {
    return isGpu() ? "gpu:" + gpu : "cpu";
  }
}
