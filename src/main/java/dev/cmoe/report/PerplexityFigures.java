package dev.cmoe.report;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Perplexity of the dense model, the carved one and the controls at the same budget, all on one
 * text in one run. A figure is null where that variant did not run, or where its perplexity is too
 * large for a number.
 *
 * @param staticControl the neurons of largest mean contribution always run; nothing is routed
 * @param staticFitted the same with the down-projection refitted
 * @param random random groups and a random router
 * @param tokens tokens evaluated
 * @param text name of the text
 * @param window tokens in one window; null where not recorded
 * @param klDivergence mean divergence of the carved model from the dense one, in nats per token;
 *     nullable
 * @param top1Agreement share of tokens for which both models rank the same token first; nullable
 * @param standardErrors nullable
 */
public record PerplexityFigures(
    Double dense,
    Double carved,
    @JsonProperty("static") Double staticControl,
    Double staticFitted,
    Double random,
    long tokens,
    String text,
    Integer window,
    Double klDivergence,
    Double top1Agreement,
    StandardErrors standardErrors) {

  public PerplexityFigures {
    dense = Finite.orNull(dense);
    carved = Finite.orNull(carved);
    staticControl = Finite.orNull(staticControl);
    staticFitted = Finite.orNull(staticFitted);
    random = Finite.orNull(random);
    klDivergence = Finite.orNull(klDivergence);
    top1Agreement = Finite.orNull(top1Agreement);
  }

  /** Standard errors of the figures of the same names, in units of perplexity; each nullable. */
  public record StandardErrors(
      Double dense,
      Double carved,
      @JsonProperty("static") Double staticControl,
      Double staticFitted,
      Double random) {

    public StandardErrors {
      dense = Finite.orNull(dense);
      carved = Finite.orNull(carved);
      staticControl = Finite.orNull(staticControl);
      staticFitted = Finite.orNull(staticFitted);
      random = Finite.orNull(random);
    }
  }
}
