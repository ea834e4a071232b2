package dev.cmoe.vector;

import java.util.function.UnaryOperator;

/** The JDK module that this package is built on, which incubates and is not always there. */
public final class VectorModule {
  /** Later ones read vectors from memory segments, not from byte buffers. */
  private static final int LAST_JAVA = 18;

  private VectorModule() {}

  /**
   * Whether this virtual machine was started with it, in the form that is used here, and has the
   * compiler that makes vectors of it: run in any other way it is a thousand times slower.
   */
  public static boolean isUsable() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        && isCompiledBy(Runtime.version().feature(), System::getProperty);
  }

  /** Whether the machine of these properties is HotSpot with C2. */
  static boolean isCompiledBy(int java, UnaryOperator<String> property) {
    String how = property.apply("java.vm.info");
    return java <= LAST_JAVA
        && property.apply("java.vm.name").contains("Server VM")
        && !property.apply("java.vm.version").contains("jvmci")
        && how.startsWith("mixed mode")
        && !how.contains("emulated-client");
  }
}
