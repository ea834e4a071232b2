/**
 * Which neurons form an expert. Given what the neurons did on calibration tokens, this room splits
 * them into one shared set and routed experts of fixed sizes, and proves each split to be the
 * cheapest under its own cost. It knows neither models nor files; ND4J stays inside one class.
 */
package dev.cmoe.carve.grouping;
