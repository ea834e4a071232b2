package dev.cmoe.finetune;

import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Windows of token ids of one length: those to train on, and those held out of training to measure
 * on.
 */
public record TrainingText(List<int[]> training, List<int[]> heldOut) {
  public TrainingText {
    training = List.copyOf(training);
    heldOut = List.copyOf(heldOut);
    if (training.isEmpty()) {
      throw new IllegalArgumentException("no window to train on");
    }
  }

  /**
   * Splits consecutive windows: {@code heldOut} of them, evenly spread over the text, are held out,
   * at most {@code samples} evenly spread ones of the others are trained on.
   *
   * @param source what the windows were cut from, for the message
   * @throws CmoeException of kind BAD_INPUT when nothing would be left to train on
   */
  public static TrainingText split(List<int[]> windows, int heldOut, int samples, String source) {
    if (windows.size() <= heldOut) {
      throw CmoeException.badInput(
          "%s: %d windows of text, of which %d are held out to measure on; give more text or hold out fewer"
              .formatted(source, windows.size(), heldOut));
    }
    List<int[]> out = new ArrayList<>();
    List<int[]> rest = new ArrayList<>();
    for (int i = 0; i < windows.size(); i++) {
      boolean held =
          (long) (i + 1) * heldOut / windows.size() > (long) i * heldOut / windows.size();
      (held ? out : rest).add(windows.get(i));
    }
    List<int[]> training = new ArrayList<>();
    int count = Math.min(samples, rest.size());
    for (int i = 0; i < count; i++) {
      training.add(rest.get((int) ((long) i * rest.size() / count)));
    }
    return new TrainingText(training, out);
  }

  /** Tokens of a window. */
  public int length() {
    return training.get(0).length;
  }

  /**
   * Windows {@code first} to {@code first + count - 1} of the endless sequence in which every epoch
   * has all windows in an order of its own.
   */
  List<int[]> batch(long seed, long first, int count) {
    List<int[]> batch = new ArrayList<>();
    long epoch = -1;
    int[] order = {};
    for (long i = first; i < first + count; i++) {
      if (i / training.size() != epoch) {
        epoch = i / training.size();
        order = order(seed, epoch);
      }
      batch.add(training.get(order[(int) (i % training.size())]));
    }
    return batch;
  }

  private int[] order(long seed, long epoch) {
    SplittableRandom random = Streams.of(seed, "order", epoch);
    int[] order = new int[training.size()];
    for (int i = 0; i < order.length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
