package dev.cmoe.engine;

/** One engine for all tests of a run; starting libtorch takes longer than most of them. */
public final class SharedEngine {
  private static final Engine ENGINE = Engine.start(Device.CPU, 1);

  private SharedEngine() {}

  public static Engine get() {
    return ENGINE;
  }
}
