package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.eval.Evaluation;
import dev.cmoe.job.EvalJob;
import java.util.Locale;

/** What an evaluation says; the JSON is {@code cmoe.eval/1}. */
record EvalAnswer(EvalJob.Result result) implements Answer {
  @Override
  public String text() {
    Evaluation evaluation = result.evaluation();
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "perplexity        %.4f ± %.4f  (%d tokens of %s, windows of %d)%n",
            evaluation.perplexity().value(),
            evaluation.perplexity().standardError(),
            evaluation.tokens(),
            result.text(),
            evaluation.window()));
    evaluation
        .against()
        .ifPresent(
            dense ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "dense             %.4f ± %.4f%nratio             %.4f%nKL from dense     %.5f nats a token%ntop-1 agreement   %s%n",
                        dense.perplexity().value(),
                        dense.perplexity().standardError(),
                        evaluation.ratio(),
                        dense.divergence().klDivergence(),
                        Quantity.percent(dense.divergence().top1Agreement()))));
    return text.toString();
  }

  @Override
  public String json() {
    Evaluation evaluation = result.evaluation();
    ObjectNode document = Documents.of("cmoe.eval/1");
    document.put("model", result.model());
    document.put("text", result.text());
    document.put("perplexity", evaluation.perplexity().value());
    document.put("standardError", evaluation.perplexity().standardError());
    document.put("tokens", evaluation.tokens());
    document.put("window", evaluation.window());
    evaluation
        .against()
        .ifPresent(
            dense -> {
              ObjectNode against = document.putObject("against");
              against.put("perplexity", dense.perplexity().value());
              against.put("standardError", dense.perplexity().standardError());
              against.put("ratio", evaluation.ratio());
              against.put("klDivergence", dense.divergence().klDivergence());
              against.put("top1Agreement", dense.divergence().top1Agreement());
            });
    return Documents.render(document);
  }
}
