package dev.cmoe.report;

import java.util.List;

/**
 * How a layer's tokens spread over its routed experts.
 *
 * @param index layer number from 0
 * @param shares of the tokens that each expert runs for; they sum to the experts a token runs
 */
record LayerLoad(int index, List<Double> shares) {
  LayerLoad {
    shares = List.copyOf(shares);
  }

  /** The busiest expert's load over the mean load; 1 is balanced, 0 where no token was routed. */
  double imbalance() {
    return LoadImbalance.of(shares.stream().mapToDouble(share -> share).toArray()).orElse(0);
  }

  /** Experts that no token chose. */
  long idle() {
    return shares.stream().filter(share -> share == 0).count();
  }

  /** Loads over the mean load of the layer. */
  List<Double> ratios() {
    double mean = shares.stream().mapToDouble(share -> share).average().orElse(0);
    return shares.stream().map(share -> mean > 0 ? share / mean : 0).toList();
  }
}
