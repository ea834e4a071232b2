package dev.cmoe.job.doctor;

import dev.cmoe.run.FailureKind;

/** Whether this Java is one that the program runs on. */
final class JavaCheck {
  private static final int OLDEST = 17;

  /** Less than this is too little for the tables of a large vocabulary. */
  private static final long SMALL_HEAP = 256L << 20;

  private JavaCheck() {}

  /**
   * @param feature the version's first number
   * @param heap largest size of the heap, bytes
   */
  static Check of(Environment environment, int feature, long heap) {
    String version = environment.property("java.version");
    String vendor = environment.property("java.vendor");
    String bits = environment.property("sun.arch.data.model");
    String system = environment.property("os.name") + " " + environment.property("os.arch");
    String found =
        "%s (%s), %s-bit, heap up to %d MB, %s"
            .formatted(version, vendor, bits.isEmpty() ? "?" : bits, heap >> 20, system);
    Check check;
    if (feature < OLDEST) {
      check =
          Check.failed(
              "java",
              FailureKind.RESOURCES,
              found,
              "install Java 17 or newer and let JAVA_HOME name it");
    } else if (bits.equals("32")) {
      check =
          Check.failed(
              "java",
              FailureKind.RESOURCES,
              found,
              "install a 64-bit Java: the native libraries have no other form");
    } else if (heap < SMALL_HEAP) {
      check = Check.warning("java", found, "CMOE_JAVA_OPTS=-Xmx1g gives the heap more");
    } else {
      check = Check.ok("java", found);
    }
    return check
        .with("version", version)
        .with("vendor", vendor)
        .with("bits", bits)
        .with("system", system)
        .with("maxHeapBytes", heap);
  }
}
