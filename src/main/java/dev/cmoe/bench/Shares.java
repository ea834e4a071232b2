package dev.cmoe.bench;

/**
 * Where the time of a phase went, from a run that was looked into. Its layers go through in pieces,
 * so that it is slower than the runs against the clock.
 *
 * @param feedForward share of the time in feed-forward blocks, routers included
 * @param router share of the time in routers
 */
record Shares(double feedForward, double router) {}
