package dev.cmoe.calibration;

import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Windows of equal length cut from one stream of token ids.
 *
 * @param length tokens in a window, T
 * @param windows the windows, in stream order
 */
public record TokenWindows(int length, List<int[]> windows) {

  /**
   * {@code count} windows evenly spaced over the stream, overlapping where it is short: start_i =
   * floor(i (L - T) / (n - 1)).
   *
   * @param source what the tokens came from, for the message
   * @throws CmoeException of kind BAD_INPUT when the stream is shorter than one window
   */
  public static TokenWindows evenlySpaced(int[] tokens, int length, int count, String source) {
    requireOne(tokens, length, source);
    long last = tokens.length - length;
    List<int[]> windows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int start = Math.toIntExact(i * last / Math.max(1, count - 1));
      windows.add(Arrays.copyOfRange(tokens, start, start + length));
    }
    return new TokenWindows(length, windows);
  }

  /**
   * The first {@code limit} consecutive windows; the tail that does not fill one is dropped (CMoE
   * 1.10).
   *
   * @throws CmoeException of kind BAD_INPUT when the stream is shorter than one window
   */
  public static TokenWindows consecutive(int[] tokens, int length, int limit, String source) {
    requireOne(tokens, length, source);
    List<int[]> windows = new ArrayList<>();
    for (int start = 0;
        start + length <= tokens.length && windows.size() < limit;
        start += length) {
      windows.add(Arrays.copyOfRange(tokens, start, start + length));
    }
    return new TokenWindows(length, windows);
  }

  private static void requireOne(int[] tokens, int length, String source) {
    if (tokens.length < length) {
      throw CmoeException.badInput(
          source
              + ": only "
              + tokens.length
              + " tokens, one window needs "
              + length
              + "; give more text or a smaller --window");
    }
  }

  /** Tokens in all windows. */
  public long tokens() {
    return (long) length * windows.size();
  }

  /** The windows in consecutive groups of about {@code tokens} tokens, at least one window each. */
  public List<List<int[]>> batches(int tokens) {
    int size = Math.max(1, tokens / length);
    List<List<int[]>> batches = new ArrayList<>();
    for (int i = 0; i < windows.size(); i += size) {
      batches.add(windows.subList(i, Math.min(windows.size(), i + size)));
    }
    return batches;
  }
}
