package dev.cmoe.job;

import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.bench.BenchResult;
import dev.cmoe.bench.BenchSpec;
import dev.cmoe.bench.Contender;
import dev.cmoe.calibration.TextFiles;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.ResidentDecoder;
import dev.cmoe.nn.ResidentMemory;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.report.StageCost;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * {@code cmoe bench}: speed of a model, and of a carved one beside its dense one. Both take turns,
 * prompt by prompt and token by token, so that what else the machine does meets both.
 */
public final class BenchJob {
  /** How stages begin in which both models run. */
  private static final String BOTH = "both,";

  private final BenchSpec spec;
  private final RunMeter meter;
  private final Session session;
  private final int[] text;

  private BenchJob(BenchSpec spec, RunMeter meter, Session session, int[] text) {
    this.spec = spec;
    this.meter = meter;
    this.session = session;
    this.text = text;
  }

  /** A model that takes part, and how long it took to open. */
  private record Entry(String name, Contender contender, double openSeconds) {
    Decoder decoder() {
      return contender.model().decoder();
    }
  }

  /**
   * @param wanted what to run; lengths that are not given shrink to the models' contexts
   */
  public static BenchResult run(
      String model,
      Optional<String> against,
      BenchSpec.Wish wanted,
      RuntimeSpec runtime,
      RunListener listener) {
    try (RunMeter meter = new RunMeter(listener);
        Session session = new Session(runtime)) {
      BenchSpec spec = wanted.within(context(model, against));
      long start = System.nanoTime();
      try (ResidentDecoder carved =
          session.openResident(
              model,
              decoder -> {
                requireFits(spec, decoder);
                ResidentMemory memory = new ResidentMemory(decoder);
                requireMemory(session, model, memory.weights() + sequences(memory, spec));
              })) {
        double open = (System.nanoTime() - start) / 1e9;
        Optional<Entry> other = Optional.empty();
        start = System.nanoTime();
        try (ResidentDecoder dense =
            against
                .map(
                    name ->
                        session.openResident(
                            name, d -> check(session, spec, carved, name, d, listener)))
                .orElse(null)) {
          if (dense != null) {
            double openDense = (System.nanoTime() - start) / 1e9;
            other = Optional.of(new Entry(against.get(), new Contender(dense), openDense));
          }
          int[] text =
              TextFiles.defaultEvaluation(Session.isBundled(model))
                  .encode(carved.decoder().checkpoint().tokenizer());
          return new BenchJob(spec, meter, session, text)
              .race(new Entry(model, new Contender(carved), open), other);
        }
      }
    }
  }

  /** Refuses a dense model that {@code carved} cannot race, before its weights are loaded. */
  private static void check(
      Session session,
      BenchSpec spec,
      ResidentDecoder carved,
      String name,
      Decoder dense,
      RunListener listener) {
    requireDense(name, dense);
    requireFits(spec, dense);
    SameVocabulary.require(carved.decoder(), dense, listener);
    ResidentMemory memory = new ResidentMemory(dense);
    long running = sequences(memory, spec) + sequences(new ResidentMemory(carved.decoder()), spec);
    requireMemory(session, name, memory.weights() + running);
  }

  private static long sequences(ResidentMemory memory, BenchSpec spec) {
    int most = Collections.max(spec.batches());
    // All prompts are held as numbers too.
    return memory.sequences(most, spec.promptTokens(), spec.capacity());
  }

  private static void requireMemory(Session session, String model, long bytes) {
    session.requireMemory(
        model, bytes, "give a smaller --batch, or fewer --prompt-tokens and --decode-tokens");
  }

  /** The shortest context of the models that take part. */
  private static int context(String model, Optional<String> against) {
    return Stream.concat(Stream.of(model), against.stream())
        .mapToInt(BenchJob::context)
        .min()
        .orElseThrow();
  }

  private static int context(String model) {
    Path directory = ModelLocation.resolve(model);
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      ConfigReader reader = new ConfigReader(directory.resolve("config.json"), checkpoint.config());
      return ModelDescription.read(reader).config().context();
    }
  }

  private static void requireDense(String name, Decoder dense) {
    if (dense.moe().isPresent()) {
      throw CmoeException.usage(
          "--against %s: is carved; it takes the dense model, and MODEL the carved one"
              .formatted(name));
    }
  }

  private static void requireFits(BenchSpec spec, Decoder model) {
    if (spec.capacity() > model.config().context()) {
      throw CmoeException.usage(
          "--prompt-tokens %d and --decode-tokens %d together are more than the context of %d of %s; give fewer"
              .formatted(
                  spec.promptTokens(),
                  spec.decodeTokens(),
                  model.config().context(),
                  model.checkpoint().directory()));
    }
  }

  private BenchResult race(Entry model, Optional<Entry> dense) {
    List<BenchResult.Batch> batches = new ArrayList<>();
    for (int size : spec.batches()) {
      List<int[]> prompts = prompts(size);
      both(model, dense, prompts, "warm-up", Contender::warmUp);
      for (int run = 1; run <= spec.repeat(); run++) {
        race(model, dense, prompts, run);
      }
      both(model, dense, prompts, "where the time goes", Contender::lookInto);
      batches.add(batch(size, model, dense));
    }
    return new BenchResult(
        spec,
        session.engine().threads(),
        entrant(model, "model"),
        dense.map(entry -> entrant(entry, "dense")),
        batches);
  }

  /** Stretches of the text, one for each sequence; from its beginning again when it ends. */
  private List<int[]> prompts(int count) {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = new int[spec.promptTokens()];
      for (int t = 0; t < prompt.length; t++) {
        prompt[t] = text[(int) (((long) i * prompt.length + t) % text.length)];
      }
      prompts.add(prompt);
    }
    return prompts;
  }

  /** One of the things that a model does with prompts. */
  @FunctionalInterface
  private interface Turn {
    void take(Contender contender, List<int[]> prompts, BenchSpec spec);
  }

  private void both(
      Entry model, Optional<Entry> dense, List<int[]> prompts, String name, Turn turn) {
    dense.ifPresent(entry -> one(entry, "dense", prompts, name, turn));
    one(model, "model", prompts, name, turn);
  }

  /** A run of each that counts. */
  private void race(Entry model, Optional<Entry> dense, List<int[]> prompts, int number) {
    String who = dense.isPresent() ? BOTH : "model,";
    String what = "%s batch %d, run %d".formatted(who, prompts.size(), number);
    try (Stage stage = Stage.start(meter, what, "tokens", 1L + spec.decodeTokens());
        Contender.Run own = model.contender().start(prompts, spec);
        Contender.Run other =
            dense.map(entry -> entry.contender().start(prompts, spec)).orElse(null)) {
      List<Contender.Run> runs = other == null ? List.of(own) : List.of(other, own);
      runs.forEach(Contender.Run::prefill);
      stage.advance(1);
      for (int i = 1; i <= spec.decodeTokens(); i++) {
        runs.forEach(Contender.Run::step);
        stage.advance(1L + i);
      }
      runs.forEach(Contender.Run::count);
    }
  }

  private void one(Entry entry, String role, List<int[]> prompts, String name, Turn turn) {
    String what = "%s, batch %d, %s".formatted(role, prompts.size(), name);
    try (Stage stage = Stage.start(meter, what, "runs", 1)) {
      turn.take(entry.contender(), prompts, spec);
      stage.advance(1);
    }
  }

  private BenchResult.Batch batch(int size, Entry model, Optional<Entry> dense) {
    BenchResult.Figures figures =
        BenchResult.Figures.of(model.contender(), size, spec.promptTokens());
    Optional<BenchResult.Figures> other =
        dense.map(entry -> BenchResult.Figures.of(entry.contender(), size, spec.promptTokens()));
    return new BenchResult.Batch(
        size,
        figures,
        other,
        ratio(other.map(BenchResult.Figures::prefillOperations), figures.prefillOperations()),
        ratio(other.map(BenchResult.Figures::decodeBytes), figures.decodeBytes()));
  }

  private static OptionalDouble ratio(Optional<Double> dense, double model) {
    return dense.map(value -> OptionalDouble.of(value / model)).orElse(OptionalDouble.empty());
  }

  private BenchResult.Entrant entrant(Entry entry, String role) {
    List<StageCost> stages =
        meter.cost().stages().stream()
            .filter(stage -> stage.name().startsWith(role + ",") || stage.name().startsWith(BOTH))
            .toList();
    Decoder decoder = entry.decoder();
    return new BenchResult.Entrant(
        entry.name(),
        decoder.moe().map(MoeShape::toString).orElse("dense"),
        decoder.weights().type().toString(),
        entry.contender().model().stepsInJava(),
        entry.openSeconds(),
        decoder.checkpoint().weightBytes(),
        stages.stream().mapToLong(stage -> known(stage.peakAnonymousBytes())).max().orElse(0),
        stages.stream().mapToLong(stage -> known(stage.peakRssBytes())).max().orElse(0));
  }

  private static long known(Long bytes) {
    return bytes == null ? 0 : bytes;
  }
}
