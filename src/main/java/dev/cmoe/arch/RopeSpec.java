package dev.cmoe.arch;

/**
 * Rotary position embedding: which frequencies the pairs of a head turn with.
 *
 * @param kind how positions beyond the trained length are reached
 * @param theta base of the frequencies
 * @param factor stretch of the context, 1 when {@code kind} is DEFAULT
 * @param lowFrequencyFactor LLAMA3: wavelengths longer than originalContext / this are stretched in
 *     full
 * @param highFrequencyFactor LLAMA3: wavelengths shorter than originalContext / this stay
 * @param originalContext LLAMA3: trained length in tokens
 */
public record RopeSpec(
    Kind kind,
    double theta,
    double factor,
    double lowFrequencyFactor,
    double highFrequencyFactor,
    int originalContext) {

  /** The scalings that are read. */
  public enum Kind {
    DEFAULT,
    LINEAR,
    LLAMA3
  }

  /** No scaling. */
  public static RopeSpec plain(double theta) {
    return new RopeSpec(Kind.DEFAULT, theta, 1, 1, 1, 0);
  }

  /**
   * Reads both spellings: {@code rope_parameters} with the type and theta inside, and the older
   * {@code rope_theta} with {@code rope_scaling} beside it.
   *
   * @throws dev.cmoe.run.CmoeException of kind UNSUPPORTED for another scaling
   */
  public static RopeSpec read(ConfigReader config) {
    ConfigReader inner = config.object("rope_parameters");
    if (inner == null) {
      inner = config.object("rope_scaling");
    }
    double theta = config.number("rope_theta", 10000);
    if (inner == null) {
      return plain(theta);
    }
    theta = inner.number("rope_theta", theta);
    String type = inner.text("rope_type", inner.text("type", "default"));
    if (inner.number("partial_rotary_factor", 1) != 1) {
      throw config.unsupported("partial rotary embedding is not supported");
    }
    return switch (type) {
      case "default" -> plain(theta);
      case "linear" -> new RopeSpec(Kind.LINEAR, theta, inner.number("factor"), 1, 1, 0);
      case "llama3" -> {
        double low = inner.number("low_freq_factor");
        double high = inner.number("high_freq_factor");
        if (low >= high) {
          throw config.bad(
              "rope low_freq_factor " + low + " is not below high_freq_factor " + high);
        }
        yield new RopeSpec(
            Kind.LLAMA3,
            theta,
            inner.number("factor"),
            low,
            high,
            inner.positive("original_max_position_embeddings"));
      }
      default ->
          throw config.unsupported(
              "rope scaling '" + type + "' is not supported; default, linear and llama3 are");
    };
  }

  /**
   * Frequencies of the {@code headDim / 2} pairs, radians per token. In float32, as other software
   * computes them.
   */
  public float[] inverseFrequencies(int headDim) {
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = (float) (2 * i) / headDim;
      float plain = 1f / (float) Math.pow(theta, exponent);
      frequencies[i] = scaled(plain);
    }
    return frequencies;
  }

  private float scaled(float plain) {
    return switch (kind) {
      case DEFAULT -> plain;
      case LINEAR -> plain / (float) factor;
      case LLAMA3 -> llama3(plain);
    };
  }

  /**
   * Long wavelengths are stretched, short ones stay, those between are blended linearly in
   * originalContext / wavelength.
   */
  private float llama3(float plain) {
    double wavelength = 2 * Math.PI / plain;
    if (wavelength > originalContext / lowFrequencyFactor) {
      return plain / (float) factor;
    }
    if (wavelength < originalContext / highFrequencyFactor) {
      return plain;
    }
    float smooth =
        (float)
            ((originalContext / wavelength - lowFrequencyFactor)
                / (highFrequencyFactor - lowFrequencyFactor));
    return (1 - smooth) * plain / (float) factor + smooth * plain;
  }
}
