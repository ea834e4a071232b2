package dev.cmoe.cli;

import dev.cmoe.job.LogitsJob;

/** What was written; the JSON is {@code cmoe.logits/1}. */
record LogitsAnswer(LogitsJob.Result result) implements Answer {
  @Override
  public String text() {
    return result.tokens() + " x " + result.vocabulary() + " logits written";
  }

  @Override
  public String json() {
    return Documents.render(
        Documents.of("cmoe.logits/1")
            .put("tokens", result.tokens())
            .put("vocabulary", result.vocabulary()));
  }
}
