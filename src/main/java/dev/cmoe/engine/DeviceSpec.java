package dev.cmoe.engine;

import dev.cmoe.run.CmoeException;

/**
 * Where kernels run.
 *
 * @param index which GPU, or -1 for the CPU
 */
public record DeviceSpec(int index) {
  public static final DeviceSpec CPU = new DeviceSpec(-1);

  /**
   * Reads {@code cpu}, {@code gpu} or {@code gpu:N}.
   *
   * @throws CmoeException of kind USAGE for anything else
   */
  public static DeviceSpec parse(String text) {
    if (text.equals("cpu")) {
      return CPU;
    }
    if (text.matches("gpu(:[0-9]{1,3})?")) {
      return new DeviceSpec(text.length() == 3 ? 0 : Integer.parseInt(text.substring(4)));
    }
    throw CmoeException.usage("device '" + text + "' is none of cpu, gpu, gpu:N");
  }

  public boolean isGpu() {
    return index >= 0;
  }

  /** The name that libtorch uses. */
  String torchName() {
    return isGpu() ? "cuda:" + index : "cpu";
  }

  @Override
  public String toString() {
    return isGpu() ? "gpu:" + index : "cpu";
  }
}
