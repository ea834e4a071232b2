package dev.cmoe.recipe;

/** The number format that kernels compute in; weights on disk keep theirs. */
public enum ComputeDtype implements Choice {
  /** Whatever the engine finds best for the device. */
  AUTO("auto"),
  FLOAT32("float32"),
  BFLOAT16("bfloat16");

  private final String id;

  ComputeDtype(String id) {
    this.id = id;
  }

  @Override
  public String id() {
    return id;
  }
}
