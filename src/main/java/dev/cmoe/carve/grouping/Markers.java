package dev.cmoe.carve.grouping;

import java.util.Arrays;
import java.util.BitSet;

/**
 * CMoE's activation markers (arXiv 2502.04416 v3, after eq. 13): neuron i is marked at token t when
 * |h_ti| is among the Ka largest of the token. Kept as the ascending list of tokens of each neuron,
 * so it takes tokens x Ka integers whatever the width.
 */
public final class Markers {
  private final int tokens;

  /** The tokens of neuron i are {@code token[start[i]]} to {@code token[start[i + 1] - 1]}. */
  private final int[] start;

  private final int[] token;

  private Markers(int tokens, int[] start, int[] token) {
    this.tokens = tokens;
    this.start = start;
    this.token = token;
  }

  /**
   * @param topIds [tokens, Ka] row-major: the neurons with the largest |h| of each token, in any
   *     order
   * @param perToken Ka
   * @param neurons width of the layer
   * @throws IllegalArgumentException when an id is out of range or named twice for one token
   */
  public static Markers of(int[] topIds, int perToken, int neurons) {
    if (perToken < 1 || topIds.length % perToken != 0) {
      throw new IllegalArgumentException(topIds.length + " ids are not rows of " + perToken);
    }
    int tokens = topIds.length / perToken;
    int[] start = new int[neurons + 1];
    for (int id : topIds) {
      if (id < 0 || id >= neurons) {
        throw new IllegalArgumentException("neuron " + id + " of " + neurons);
      }
      start[id + 1]++;
    }
    for (int i = 0; i < neurons; i++) {
      start[i + 1] += start[i];
    }
    int[] token = new int[topIds.length];
    int[] next = start.clone();
    for (int at = 0; at < topIds.length; at++) {
      int id = topIds[at];
      int t = at / perToken;
      if (next[id] > start[id] && token[next[id] - 1] == t) {
        throw new IllegalArgumentException("token " + t + " names neuron " + id + " twice");
      }
      token[next[id]++] = t;
    }
    return new Markers(tokens, start, token);
  }

  public int tokens() {
    return tokens;
  }

  public int neurons() {
    return start.length - 1;
  }

  /** At how many tokens {@code neuron} is marked. */
  public int count(int neuron) {
    return start[neuron + 1] - start[neuron];
  }

  /** At how many tokens each neuron is marked; divided by {@link #tokens} it is CMoE's rate. */
  public int[] counts() {
    int[] counts = new int[neurons()];
    Arrays.setAll(counts, this::count);
    return counts;
  }

  /** The tokens at which {@code neuron} is marked, ascending. */
  public int[] tokensOf(int neuron) {
    return Arrays.copyOfRange(token, start[neuron], start[neuron + 1]);
  }

  /** The tokens at which {@code neuron} is marked, as a set. */
  BitSet column(int neuron) {
    BitSet column = new BitSet(tokens);
    for (int at = start[neuron]; at < start[neuron + 1]; at++) {
      column.set(token[at]);
    }
    return column;
  }

  /** At how many tokens of {@code column} {@code neuron} is marked too. */
  int overlap(int neuron, BitSet column) {
    int both = 0;
    for (int at = start[neuron]; at < start[neuron + 1]; at++) {
      if (column.get(token[at])) {
        both++;
      }
    }
    return both;
  }

  /** Adds one to {@code histogram[t]} for every token t at which {@code neuron} is marked. */
  void addTo(int[] histogram, int neuron) {
    for (int at = start[neuron]; at < start[neuron + 1]; at++) {
      histogram[token[at]]++;
    }
  }

  /** Sum of {@code weight[t]} over the tokens t at which {@code neuron} is marked. */
  long sum(int[] weight, int neuron) {
    long sum = 0;
    for (int at = start[neuron]; at < start[neuron + 1]; at++) {
      sum += weight[token[at]];
    }
    return sum;
  }
}
