package dev.cmoe.cli;

import java.nio.file.Path;

/** What was written; the JSON is {@code cmoe.synthesize/1}. */
record SynthesizeAnswer(Path output, long parameters) implements Answer {
  @Override
  public String text() {
    return Quantity.count(parameters) + " random parameters written to " + output;
  }

  @Override
  public String json() {
    return Documents.render(
        Documents.of("cmoe.synthesize/1")
            .put("output", output.toString())
            .put("parameters", parameters));
  }
}
