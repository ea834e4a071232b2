package dev.cmoe.finetune;

import java.util.SplittableRandom;

/**
 * Random streams that depend on nothing but the seed and the place they are for, so that a run that
 * is resumed finds them as they were.
 */
final class Streams {
  private Streams() {}

  /** The seed of the stream for {@code purpose} at {@code place}. */
  static long seed(long seed, String purpose, long... place) {
    long mixed = new SplittableRandom(seed).nextLong() + purpose.hashCode();
    for (long coordinate : place) {
      mixed = new SplittableRandom(mixed).nextLong() + coordinate;
    }
    return new SplittableRandom(mixed).nextLong();
  }

  static SplittableRandom of(long seed, String purpose, long... place) {
    return new SplittableRandom(seed(seed, purpose, place));
  }
}
