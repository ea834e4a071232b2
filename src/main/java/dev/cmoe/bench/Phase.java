package dev.cmoe.bench;

import java.util.List;

/**
 * What a model did in prefill or decode.
 *
 * @param feedForwardShare of the time
 * @param routerShare of the time
 */
public record Phase(
    Figure tokensPerSecond, Figure seconds, double feedForwardShare, double routerShare) {

  static Phase of(List<Sample> samples, Shares shares) {
    return new Phase(
        Figure.of(samples, Sample::tokensPerSecond),
        Figure.of(samples, Sample::seconds),
        shares.feedForward(),
        shares.router());
  }
}
