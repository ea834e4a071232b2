package dev.cmoe.arch;

/** A family of dense decoders. A new one is a class and a line in {@link DenseFamilies}. */
public interface DenseFamily {
  /** The {@code model_type} of its {@code config.json}. */
  String name();

  /** The class name in {@code architectures}. */
  String architecture();

  /**
   * Reads shape and constants.
   *
   * @throws dev.cmoe.run.CmoeException of kind BAD_INPUT for a missing or impossible value,
   *     UNSUPPORTED for a variant that is not implemented
   */
  DecoderConfig read(ConfigReader config);
}
