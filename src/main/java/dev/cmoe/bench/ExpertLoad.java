package dev.cmoe.bench;

import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.FeedForwardProbe;
import dev.cmoe.report.LoadImbalance;
import java.util.ArrayList;
import java.util.List;

/** Counts which experts the tokens of a run chose. */
public final class ExpertLoad implements FeedForwardProbe {
  private final List<long[]> chosen = new ArrayList<>();
  private final List<Long> tokens = new ArrayList<>();
  private long passes;
  private long touched;

  @Override
  public void routed(int layer, Tensor gates, long nanos) {
    int experts = Math.toIntExact(gates.size(1));
    while (chosen.size() <= layer) {
      chosen.add(new long[experts]);
      tokens.add(0L);
    }
    float[] values = gates.toFloats();
    boolean[] any = new boolean[experts];
    for (int i = 0; i < values.length; i++) {
      if (values[i] != 0) {
        chosen.get(layer)[i % experts]++;
        any[i % experts] = true;
      }
    }
    tokens.set(layer, tokens.get(layer) + gates.size(0));
    passes++;
    for (boolean one : any) {
      touched += one ? 1 : 0;
    }
  }

  @Override
  public void ran(int layer, long nanos) {}

  @Override
  public boolean wantsEveryToken() {
    return true;
  }

  /** For each layer the share of tokens that ran each routed expert; empty without routers. */
  public List<double[]> shares() {
    List<double[]> shares = new ArrayList<>();
    for (int i = 0; i < chosen.size(); i++) {
      double[] share = new double[chosen.get(i).length];
      for (int e = 0; e < share.length; e++) {
        share[e] = (double) chosen.get(i)[e] / tokens.get(i);
      }
      shares.add(share);
    }
    return shares;
  }

  /** Experts of a layer that some token ran, mean over all passes through a layer. */
  public double touched() {
    return passes == 0 ? 0 : (double) touched / passes;
  }

  /** Largest load of an expert over the mean load, mean over the layers; 1 is balanced. */
  public double imbalance() {
    return LoadImbalance.mean(chosen).orElse(1);
  }

  /** Experts of all layers that no token ran. */
  public long idle() {
    return chosen.stream()
        .flatMapToLong(java.util.Arrays::stream)
        .filter(count -> count == 0)
        .count();
  }
}
