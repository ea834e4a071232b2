package dev.cmoe.carve;

import dev.cmoe.carve.routing.RoutingFigures;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What was measured on the calibration tokens while a layer was carved.
 *
 * @param routing empty when nothing is routed
 * @param reconstructionError ‖y' - y‖² / ‖y‖² of the carved output y' against the dense y on the
 *     same inputs
 * @param ridgeStrength λ of the refit, when there was one
 * @param rates share of tokens in which each neuron is among the Ka largest contributions, in dense
 *     order
 * @param maxDifference largest |difference| between all experts on and the dense block, over the
 *     largest |output|; first layer only
 * @param seconds time spent on the layer
 */
@SuppressWarnings("ArrayRecordComponent")
public record LayerFindings(
    Optional<RoutingFigures> routing,
    double reconstructionError,
    OptionalDouble ridgeStrength,
    double[] rates,
    OptionalDouble maxDifference,
    double seconds) {}
