package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.job.ForwardJob;
import java.util.Locale;

/** What a timed forward pass says; the JSON is {@code cmoe.forward/1}. */
record ForwardAnswer(ForwardJob.Result result) implements Answer {
  @Override
  public String text() {
    return String.format(
        Locale.ROOT,
        "%d tokens: layers %s, output projection %s (%s, %d threads)",
        result.tokens(),
        Quantity.seconds(result.layerSeconds()),
        Quantity.seconds(result.headSeconds()),
        result.computeDtype(),
        result.threads());
  }

  @Override
  public String json() {
    ObjectNode document = Documents.of("cmoe.forward/1");
    document.put("model", result.model());
    document.put("computeDtype", result.computeDtype());
    document.put("threads", result.threads());
    document.put("tokens", result.tokens());
    ObjectNode seconds = document.putObject("seconds");
    seconds.put("total", result.layerSeconds() + result.headSeconds());
    seconds.put("layers", result.layerSeconds());
    seconds.put("head", result.headSeconds());
    document.put("peakRssBytes", result.cost().peakRssBytes());
    document.put("peakAnonymousBytes", result.cost().peakAnonymousBytes());
    return Documents.render(document);
  }
}
