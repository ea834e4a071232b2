package dev.cmoe.bench;

/**
 * One phase of one run.
 *
 * @param tokens of all sequences together
 */
public record Sample(long tokens, double seconds) {
  double tokensPerSecond() {
    return tokens / seconds;
  }
}
