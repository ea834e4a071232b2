package dev.cmoe.bench;

import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.FeedForwardProbe;

/** Adds up the time in feed-forward blocks and routers. */
final class FeedForwardClock implements FeedForwardProbe {
  private long blocks;
  private long routers;

  @Override
  public void routed(int layer, Tensor gates, long nanos) {
    routers += nanos;
  }

  @Override
  public void ran(int layer, long nanos) {
    blocks += nanos;
  }

  /** Shares of the phase that took {@code seconds} since the last call, or since the start. */
  Shares lap(double seconds) {
    Shares shares = new Shares(blocks / 1e9 / seconds, routers / 1e9 / seconds);
    blocks = 0;
    routers = 0;
    return shares;
  }
}
