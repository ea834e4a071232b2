package dev.cmoe.engine;

/**
 * The type in which blocks compute. Reductions, routers and statistics are always float32 or wider.
 */
public enum ComputeType {
  FLOAT32(6),
  BFLOAT16(15);

  private final int scalarType;

  ComputeType(int scalarType) {
    this.scalarType = scalarType;
  }

  /** The number by which the serialised TorchScript dialect names this type. */
  public int scalarType() {
    return scalarType;
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
