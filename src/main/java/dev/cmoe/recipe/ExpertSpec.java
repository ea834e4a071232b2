package dev.cmoe.recipe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The expert layout {@code SxAyEz}: of {@code total} experts of equal width, {@code shared} always
 * run and a router picks {@code active} of the others for each token.
 *
 * @param shared x, from 1 to z - 1
 * @param active y, from 1 to z - x
 * @param total z, from 2 to {@value #MAX_TOTAL}
 */
public record ExpertSpec(int shared, int active, int total) {
  /** More experts than any model has neurons for; a bound that keeps typing errors out. */
  public static final int MAX_TOTAL = 4096;

  private static final Pattern FORM =
      Pattern.compile("S(-?\\d{1,9})A(-?\\d{1,9})E(-?\\d{1,9})", Pattern.CASE_INSENSITIVE);

  /**
   * @throws IllegalArgumentException if a number is out of its range
   */
  public ExpertSpec {
    String name = name(shared, active, total) + ": ";
    if (total < 2) {
      throw new IllegalArgumentException(name + "z must be at least 2 experts, not " + total);
    }
    if (total > MAX_TOTAL) {
      throw new IllegalArgumentException(
          name + "z must be at most " + MAX_TOTAL + " experts, not " + total);
    }
    if (shared < 1) {
      throw new IllegalArgumentException(
          name + "x must be at least 1 shared expert, not " + shared);
    }
    if (shared >= total) {
      throw new IllegalArgumentException(
          name
              + shared
              + " shared of "
              + total
              + " experts leave none to route; x must be below z");
    }
    if (active < 1) {
      throw new IllegalArgumentException(
          name + "y must be at least 1 active expert, not " + active);
    }
    if (active > total - shared) {
      throw new IllegalArgumentException(
          name
              + active
              + " active experts are more than the "
              + (total - shared)
              + " routed ones (z - x)");
    }
  }

  /**
   * Reads {@code SxAyEz}.
   *
   * @throws IllegalArgumentException if {@code text} is not of that form or a number is out of its
   *     range; the message is one line for people
   */
  public static ExpertSpec parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is not of the form SxAyEz such as S3A3E8: x shared, y active, z experts in all");
    }
    return new ExpertSpec(
        Integer.parseInt(form.group(1)),
        Integer.parseInt(form.group(2)),
        Integer.parseInt(form.group(3)));
  }

  /** The number of experts that the router chooses from, z - x. */
  public int routed() {
    return total - shared;
  }

  /** Neurons of one expert in a feed-forward block of {@code width} neurons, rounded up. */
  public int slice(int width) {
    return (width + total - 1) / total;
  }

  /** {@code width} with the zero neurons that make all experts equally wide. */
  public int paddedWidth(int width) {
    return slice(width) * total;
  }

  /** The share of the neurons that run for a token, from 0 (none) to 1 (all). */
  public double activeShare() {
    return (double) (shared + active) / total;
  }

  @Override
  public String toString() {
    return name(shared, active, total);
  }

  private static String name(int shared, int active, int total) {
    return "S" + shared + "A" + active + "E" + total;
  }
}
