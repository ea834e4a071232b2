package dev.cmoe.report;

import java.util.List;

/**
 * Diagnostics of one carved layer, over calibration tokens. The router's oracle chooses, for each
 * token, the k routed experts with the largest output norm ("mass").
 *
 * @param index layer number from 0
 * @param massCaptured share of the oracle's mass that the router's choice has; nullable
 * @param chanceMass the same share for k experts drawn at random; nullable
 * @param oracleOverlap mean share of the oracle's k experts that the router chose; nullable
 * @param chanceOverlap the same for k drawn at random: k/E; nullable
 * @param reconstructionError squared error of the FFN's output over its squared norm; nullable
 * @param sharedNeurons neurons that always run
 * @param routedNeurons neurons in routed experts
 * @param expertLoad share of tokens routed to each expert, summing to k; empty where nothing is
 *     routed
 * @param activationRates nullable
 * @param ridgeStrength the regularisation chosen for the refitted down-projection; nullable
 * @param maxAbsDifference largest difference from the dense FFN with all experts on; nullable
 * @param seconds wall time spent on the layer; nullable
 */
public record LayerFigures(
    int index,
    Double massCaptured,
    Double chanceMass,
    Double oracleOverlap,
    Double chanceOverlap,
    Double reconstructionError,
    int sharedNeurons,
    int routedNeurons,
    List<Double> expertLoad,
    RateHistogram activationRates,
    Double ridgeStrength,
    Double maxAbsDifference,
    Double seconds) {

  public LayerFigures {
    massCaptured = Finite.orNull(massCaptured);
    chanceMass = Finite.orNull(chanceMass);
    oracleOverlap = Finite.orNull(oracleOverlap);
    chanceOverlap = Finite.orNull(chanceOverlap);
    reconstructionError = Finite.orNull(reconstructionError);
    ridgeStrength = Finite.orNull(ridgeStrength);
    maxAbsDifference = Finite.orNull(maxAbsDifference);
    seconds = Finite.orNull(seconds);
    expertLoad = expertLoad == null ? List.of() : List.copyOf(expertLoad);
    for (double load : expertLoad) {
      Finite.required(load, "load of an expert of layer " + index);
    }
  }

  /** How its tokens spread over the experts. */
  LayerLoad load() {
    return new LayerLoad(index, expertLoad);
  }

  LayerFigures withoutCost() {
    return new LayerFigures(
        index,
        massCaptured,
        chanceMass,
        oracleOverlap,
        chanceOverlap,
        reconstructionError,
        sharedNeurons,
        routedNeurons,
        expertLoad,
        activationRates,
        ridgeStrength,
        maxAbsDifference,
        null);
  }
}
