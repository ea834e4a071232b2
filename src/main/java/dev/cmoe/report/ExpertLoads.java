package dev.cmoe.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Tokens of held-out text that chose each routed expert, layer by layer, before and after training.
 *
 * @param tokens that went through each layer
 */
public record ExpertLoads(long tokens, List<List<Long>> before, List<List<Long>> after) {
  public ExpertLoads {
    before = copy(before);
    after = copy(after);
    if (before.size() != after.size()) {
      throw new IllegalArgumentException(
          "loads of " + before.size() + " layers before and " + after.size() + " after");
    }
  }

  private static List<List<Long>> copy(List<List<Long>> loads) {
    return loads.stream().map(List::copyOf).toList();
  }

  /** Of counts by layer and expert. */
  public static ExpertLoads of(long tokens, long[][] before, long[][] after) {
    return new ExpertLoads(tokens, lists(before), lists(after));
  }

  private static List<List<Long>> lists(long[][] counts) {
    List<List<Long>> lists = new ArrayList<>();
    for (long[] layer : counts) {
      lists.add(Arrays.stream(layer).boxed().toList());
    }
    return lists;
  }

  /** Mean imbalance over layers before training; empty where nothing is routed. */
  public OptionalDouble imbalanceBefore() {
    return imbalance(before);
  }

  public OptionalDouble imbalanceAfter() {
    return imbalance(after);
  }

  private static OptionalDouble imbalance(List<List<Long>> loads) {
    return LoadImbalance.mean(
        loads.stream().map(layer -> layer.stream().mapToLong(tokens -> tokens).toArray()).toList());
  }

  /** Shares of tokens; layers without routed experts are left out. */
  List<LayerLoad> sharesBefore() {
    return shares(before);
  }

  List<LayerLoad> sharesAfter() {
    return shares(after);
  }

  private List<LayerLoad> shares(List<List<Long>> loads) {
    List<LayerLoad> shares = new ArrayList<>();
    for (int i = 0; i < loads.size(); i++) {
      if (!loads.get(i).isEmpty()) {
        shares.add(
            new LayerLoad(i, loads.get(i).stream().map(count -> (double) count / tokens).toList()));
      }
    }
    return shares;
  }
}
