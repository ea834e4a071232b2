package dev.cmoe.job;

import dev.cmoe.checkpoint.Tokenizer;
import dev.cmoe.generation.Chat;
import dev.cmoe.generation.ChatTemplate;
import dev.cmoe.generation.Generated;
import dev.cmoe.generation.Generator;
import dev.cmoe.generation.Prompt;
import dev.cmoe.generation.StopTokens;
import dev.cmoe.generation.TokenChoice;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.ResidentDecoder;
import dev.cmoe.nn.ResidentMemory;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code cmoe generate}: text that continues prompts. */
public final class GenerateJob {
  private GenerateJob() {}

  /**
   * @param stepsInJava whether tokens came through Java, and not the kernels
   * @param prompts texts as the model got them
   * @param openSeconds time to open the model and encode the prompts, the engine's start not
   *     counted
   */
  public record Result(
      String model,
      String computeDtype,
      int threads,
      boolean stepsInJava,
      TokenChoice choice,
      List<Prompt> prompts,
      Generator.Outcome outcome,
      double openSeconds) {
    public Result {
      prompts = List.copyOf(prompts);
    }
  }

  /**
   * @param chat prompts are messages of a user
   * @param maxTokens tokens after each prompt at most
   * @param said hears each piece of text as it comes
   */
  public static Result run(
      String model,
      List<Prompt> prompts,
      Optional<Chat> chat,
      TokenChoice choice,
      int maxTokens,
      RuntimeSpec runtime,
      RunListener listener,
      Generator.Listener said) {
    try (Session session = new Session(runtime)) {
      long start = System.nanoTime();
      List<Prompt> full = new ArrayList<>();
      List<int[]> ids = new ArrayList<>();
      try (ResidentDecoder decoder =
          session.openResident(
              model,
              opened -> {
                full.addAll(filled(prompts, chat, opened));
                // A chat template writes the marks of beginnings itself.
                full.forEach(prompt -> ids.add(encode(prompt, opened, chat.isEmpty())));
                requireMemory(session, model, opened, ids, maxTokens);
              })) {
        double open = (System.nanoTime() - start) / 1e9;
        Path directory = decoder.decoder().checkpoint().directory();
        Generator generator = new Generator(decoder, StopTokens.of(directory), choice, maxTokens);
        Generator.Outcome outcome;
        try (Stage stage = Stage.start(listener, "generating", "pieces", 0)) {
          long[] pieces = {0};
          outcome =
              generator.run(
                  ids,
                  (index, piece) -> {
                    said.said(index, piece);
                    stage.advance(++pieces[0]);
                  });
        }
        boolean java = full.size() == 1 && decoder.stepsInJava();
        listener.note(summary(outcome, open, java));
        warn(outcome, decoder, listener);
        return new Result(
            model,
            decoder.decoder().weights().type().toString(),
            session.engine().threads(),
            java,
            choice,
            full,
            outcome,
            open);
      }
    }
  }

  private static List<Prompt> filled(List<Prompt> prompts, Optional<Chat> chat, Decoder decoder) {
    Path directory = decoder.checkpoint().directory();
    return chat.map(messages -> messages.prompts(ChatTemplate.of(directory), prompts))
        .orElse(prompts);
  }

  private static void requireMemory(
      Session session, String model, Decoder decoder, List<int[]> prompts, int maxTokens) {
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
    int capacity = Generator.capacity(decoder.config(), longest, maxTokens);
    ResidentMemory memory = new ResidentMemory(decoder);
    session.requireMemory(
        model,
        memory.weights() + memory.sequences(prompts.size(), longest, capacity),
        "give fewer or shorter prompts, or less --max-tokens");
  }

  private static int[] encode(Prompt prompt, Decoder decoder, boolean marks) {
    Tokenizer tokenizer = decoder.checkpoint().tokenizer();
    int[] ids = tokenizer.encode(prompt.text(), marks);
    if (ids.length == 0) {
      throw prompt.bad("the prompt has no tokens");
    }
    int context = decoder.config().context();
    if (ids.length > context) {
      throw prompt.bad(
          "the prompt has %d tokens, and the context of %s is %d; shorten it"
              .formatted(ids.length, decoder.checkpoint().directory(), context));
    }
    return ids;
  }

  private static String summary(Generator.Outcome outcome, double open, boolean java) {
    String prompt =
        String.format(
            Locale.ROOT,
            "opened in %.2f s; prompt %d tokens in %.2f s (%.1f a second)",
            open,
            outcome.promptTokens(),
            outcome.prefillSeconds(),
            outcome.promptTokens() / outcome.prefillSeconds());
    if (outcome.decodedTokens() == 0) {
      return prompt;
    }
    return prompt
        + String.format(
            Locale.ROOT,
            "; then %d tokens in %.2f s (%.1f a second%s)",
            outcome.decodedTokens(),
            outcome.decodeSeconds(),
            outcome.decodedTokens() / outcome.decodeSeconds(),
            java ? ", in Java" : "");
  }

  private static void warn(
      Generator.Outcome outcome, ResidentDecoder decoder, RunListener listener) {
    List<Generated> results = outcome.results();
    List<Integer> full =
        IntStream.range(0, results.size())
            .filter(i -> results.get(i).finish() == Generated.Finish.CONTEXT)
            .mapToObj(i -> i + 1)
            .toList();
    if (!full.isEmpty()) {
      listener.warn(
          "%sstopped at the end of the model's context of %d tokens"
              .formatted(which(full, results.size()), decoder.config().context()));
    }
  }

  /** Names prompts by their numbers, from 1, unless there is only one. */
  private static String which(List<Integer> some, int all) {
    if (all == 1) {
      return "";
    }
    String numbers = some.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return (some.size() == 1 ? "prompt " : "prompts ") + numbers + " ";
  }
}
