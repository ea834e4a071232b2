package dev.cmoe.recipe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where to compute: {@code cpu}, {@code gpu} (the first one) or {@code gpu:n}. */
public sealed interface DeviceSpec {
  /** The processor. */
  record Cpu() implements DeviceSpec {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /** The graphics processor of that index, from 0. */
  record Gpu(int index) implements DeviceSpec {
    @Override
    public String toString() {
      return "gpu:" + index;
    }
  }

  /**
   * Reads what {@code toString} writes, and {@code gpu} for {@code gpu:0}.
   *
   * @throws IllegalArgumentException if {@code text} is neither
   */
  static DeviceSpec parse(String text) {
    if (text.equals("cpu")) {
      return new Cpu();
    }
    Matcher gpu = Pattern.compile("gpu(?::(\\d{1,3}))?").matcher(text);
    if (!gpu.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a device: cpu, gpu or gpu:n");
    }
    return new Gpu(gpu.group(1) == null ? 0 : Integer.parseInt(gpu.group(1)));
  }
}
