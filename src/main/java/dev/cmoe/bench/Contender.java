package dev.cmoe.bench;

import dev.cmoe.engine.Scope;
import dev.cmoe.nn.FeedForwardProbe;
import dev.cmoe.nn.ResidentDecoder;
import dev.cmoe.nn.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;

/** One model in the race, and what its runs gave so far. */
public final class Contender {
  private final ResidentDecoder model;
  private final Map<Integer, List<Sample>> prefill = new TreeMap<>();
  private final Map<Integer, List<Sample>> decode = new TreeMap<>();
  private final Map<Integer, Shares> prefillShares = new TreeMap<>();
  private final Map<Integer, Shares> decodeShares = new TreeMap<>();
  private final Map<Integer, ExpertLoad> prefillLoad = new TreeMap<>();
  private final Map<Integer, ExpertLoad> decodeLoad = new TreeMap<>();

  public Contender(ResidentDecoder model) {
    this.model = model;
  }

  public ResidentDecoder model() {
    return model;
  }

  /** Runs {@code prompts} without a clock, and counts the experts that are chosen. */
  public void warmUp(List<int[]> prompts, BenchSpec spec) {
    ExpertLoad first = new ExpertLoad();
    ExpertLoad then = new ExpertLoad();
    Turns turns = new Turns();
    turns.to = first;
    try (Sequences sequences = model.sequences(prompts.size(), spec.capacity(), turns)) {
      int[] next = begin(sequences, prompts);
      turns.to = then;
      grow(sequences, next, spec.decodeTokens());
    }
    prefillLoad.put(prompts.size(), first);
    decodeLoad.put(prompts.size(), then);
  }

  /** Runs {@code prompts} against the clock. */
  public void run(List<int[]> prompts, BenchSpec spec) {
    int batch = prompts.size();
    Timed timed = timed(prompts, spec, FeedForwardProbe.NONE, seconds -> {});
    prefill
        .computeIfAbsent(batch, b -> new ArrayList<>())
        .add(new Sample((long) batch * spec.promptTokens(), timed.prefill()));
    decode
        .computeIfAbsent(batch, b -> new ArrayList<>())
        .add(new Sample((long) batch * spec.decodeTokens(), timed.decode()));
  }

  /** Runs {@code prompts} and sees where the time goes. */
  public void lookInto(List<int[]> prompts, BenchSpec spec) {
    int batch = prompts.size();
    FeedForwardClock clock = new FeedForwardClock();
    Timed timed =
        timed(prompts, spec, clock, seconds -> prefillShares.put(batch, clock.lap(seconds)));
    decodeShares.put(batch, clock.lap(timed.decode()));
  }

  /** Seconds of each phase. */
  private record Timed(double prefill, double decode) {}

  /**
   * @param filled told of the seconds of the prefill before decoding begins
   */
  private Timed timed(
      List<int[]> prompts, BenchSpec spec, FeedForwardProbe probe, DoubleConsumer filled) {
    try (Sequences sequences = model.sequences(prompts.size(), spec.capacity(), probe)) {
      long start = System.nanoTime();
      int[] next = begin(sequences, prompts);
      double first = (System.nanoTime() - start) / 1e9;
      filled.accept(first);
      start = System.nanoTime();
      grow(sequences, next, spec.decodeTokens());
      return new Timed(first, (System.nanoTime() - start) / 1e9);
    }
  }

  private int[] begin(Sequences sequences, List<int[]> prompts) {
    try (Scope scope = model.engine().scope()) {
      return model.best(sequences.prefill(scope, prompts));
    }
  }

  private void grow(Sequences sequences, int[] first, int steps) {
    int[] next = first;
    for (int i = 0; i < steps; i++) {
      try (Scope scope = model.engine().scope()) {
        next = model.best(sequences.step(scope, next));
      }
    }
  }

  public Phase prefill(int batch) {
    return Phase.of(prefill.get(batch), prefillShares.get(batch));
  }

  public Phase decode(int batch) {
    return Phase.of(decode.get(batch), decodeShares.get(batch));
  }

  public ExpertLoad prefillLoad(int batch) {
    return prefillLoad.get(batch);
  }

  public ExpertLoad decodeLoad(int batch) {
    return decodeLoad.get(batch);
  }

  /** Passes events on to whichever probe is at work. */
  private static final class Turns implements FeedForwardProbe {
    FeedForwardProbe to;

    @Override
    public void routed(int layer, dev.cmoe.engine.Tensor gates, long nanos) {
      to.routed(layer, gates, nanos);
    }

    @Override
    public void ran(int layer, long nanos) {
      to.ran(layer, nanos);
    }
  }
}
