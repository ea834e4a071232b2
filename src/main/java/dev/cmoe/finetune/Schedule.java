package dev.cmoe.finetune;

import java.util.Locale;

/**
 * How learning rates change over a run.
 *
 * @param warmUp updates over which the rate rises linearly from nothing to all of it
 */
public record Schedule(Kind kind, long warmUp) {
  /** What follows the warm-up. */
  public enum Kind {
    CONSTANT,
    /** Down to nothing along half a cosine. */
    COSINE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What the rates of update {@code update} of {@code total}, from 0, are multiplied with. */
  double factor(long update, long total) {
    if (update < warmUp) {
      return (update + 1.0) / warmUp;
    }
    if (kind == Kind.CONSTANT || total <= warmUp) {
      return 1;
    }
    double gone = (double) (update - warmUp) / (total - warmUp);
    return (1 + Math.cos(Math.PI * Math.min(1, gone))) / 2;
  }
}
