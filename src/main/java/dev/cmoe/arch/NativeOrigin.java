package dev.cmoe.arch;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What cmoe adds to the {@code config.json} of a native architecture: under {@value #KEY} the
 * configuration that the same model has in the own format. Readers of the architecture ignore it.
 */
public final class NativeOrigin {
  public static final String KEY = "cmoe_source";

  private NativeOrigin() {}

  /** Whether cmoe wrote this configuration of a native architecture. */
  public static boolean present(ConfigReader config) {
    return config.has(KEY);
  }

  /** The own format's configuration inside; null when there is none. */
  public static ConfigReader of(ConfigReader config) {
    return config.object(KEY);
  }

  /** What {@link #put} was given: the own format's configuration as it stands by itself. */
  public static ObjectNode restored(ConfigReader config) {
    ConfigReader own = of(config);
    return OwnLayout.config(own.tree(), OwnLayout.decoder(own), OwnLayout.shape(own));
  }

  /** Puts {@code own}, a configuration of the own format, into {@code config}. */
  public static void put(ObjectNode config, ObjectNode own) {
    ObjectNode kept = own.deepCopy();
    // They name code that a native directory does not have.
    kept.remove("auto_map");
    kept.remove("architectures");
    config.set(KEY, kept);
  }
}
