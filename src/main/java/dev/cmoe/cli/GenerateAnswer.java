package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.generation.Generated;
import dev.cmoe.generation.Generator;
import dev.cmoe.generation.TokenChoice;
import dev.cmoe.job.GenerateJob;
import java.util.List;
import java.util.Locale;

/**
 * What a model said; the JSON is {@code cmoe.generate/1}.
 *
 * @param told the text was printed while it came
 */
record GenerateAnswer(GenerateJob.Result result, boolean told) implements Answer {
  @Override
  public String text() {
    if (told) {
      return "";
    }
    List<Generated> results = result.outcome().results();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < results.size(); i++) {
      if (results.size() > 1) {
        text.append(i == 0 ? "" : "\n\n").append("[").append(i + 1).append("] ");
      }
      text.append(results.get(i).text());
    }
    return text.toString();
  }

  @Override
  public String json() {
    Generator.Outcome outcome = result.outcome();
    ObjectNode document = Documents.of("cmoe.generate/1");
    document.put("model", result.model());
    document.put("computeDtype", result.computeDtype());
    document.put("threads", result.threads());
    if (outcome.decodedTokens() > 0) {
      document.put("step", result.stepsInJava() ? "java" : "kernels");
    }
    ObjectNode choice = document.putObject("sampling");
    if (result.choice() instanceof TokenChoice.Sampled sampled) {
      choice.put("temperature", sampled.temperature());
      choice.put("topK", sampled.topK());
      choice.put("topP", sampled.topP());
      choice.put("seed", sampled.seed());
    } else {
      choice.put("greedy", true);
    }
    ArrayNode sequences = document.putArray("sequences");
    for (int i = 0; i < outcome.results().size(); i++) {
      Generated generated = outcome.results().get(i);
      ObjectNode sequence = sequences.addObject();
      sequence.put("prompt", result.prompts().get(i).text());
      sequence.put("promptTokens", generated.promptTokens());
      sequence.put("text", generated.text());
      generated.tokens().forEach(sequence.putArray("tokens")::add);
      sequence.put("finish", generated.finish().name().toLowerCase(Locale.ROOT));
    }
    ObjectNode seconds = document.putObject("seconds");
    seconds.put("open", result.openSeconds());
    seconds.put("prefill", outcome.prefillSeconds());
    seconds.put("decode", outcome.decodeSeconds());
    ObjectNode speed = document.putObject("tokensPerSecond");
    speed.put("prefill", outcome.promptTokens() / outcome.prefillSeconds());
    if (outcome.decodedTokens() > 0) {
      speed.put("decode", outcome.decodedTokens() / outcome.decodeSeconds());
    }
    return Documents.render(document);
  }
}
