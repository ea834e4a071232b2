package dev.cmoe.bench;

import dev.cmoe.engine.Scope;
import dev.cmoe.nn.FeedForwardProbe;
import dev.cmoe.nn.ResidentDecoder;
import dev.cmoe.nn.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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

  /** Runs {@code prompts} for nothing but the experts that are chosen, which it counts. */
  public void warmUp(List<int[]> prompts, BenchSpec spec) {
    ExpertLoad first = new ExpertLoad();
    ExpertLoad then = new ExpertLoad();
    Turns turns = new Turns();
    turns.to = first;
    try (Run run = new Run(prompts, spec, turns)) {
      run.prefill();
      turns.to = then;
      run.decode();
    }
    // When it counts nobody looks on, and other kernels run.
    try (Run run = start(prompts, spec)) {
      run.prefill();
      for (int i = 0; i < Math.min(2, spec.decodeTokens()); i++) {
        run.step();
      }
    }
    prefillLoad.put(prompts.size(), first);
    decodeLoad.put(prompts.size(), then);
  }

  /** A run of {@code prompts} that the caller takes through its phases, and closes. */
  public Run start(List<int[]> prompts, BenchSpec spec) {
    return new Run(prompts, spec, FeedForwardProbe.NONE);
  }

  /** Runs {@code prompts} and sees where the time goes. */
  public void lookInto(List<int[]> prompts, BenchSpec spec) {
    FeedForwardClock clock = new FeedForwardClock();
    try (Run run = new Run(prompts, spec, clock)) {
      run.prefill();
      prefillShares.put(prompts.size(), clock.lap(run.prefillSeconds));
      run.decode();
      decodeShares.put(prompts.size(), clock.lap(run.decodeSeconds));
    }
  }

  /** One run. Those of two contenders can be under way together and take turns. */
  public final class Run implements AutoCloseable {
    private final List<int[]> prompts;
    private final BenchSpec spec;
    private final Sequences sequences;
    private int[] next;
    private double prefillSeconds;
    private double decodeSeconds;

    private Run(List<int[]> prompts, BenchSpec spec, FeedForwardProbe probe) {
      this.prompts = prompts;
      this.spec = spec;
      this.sequences = model.sequences(prompts.size(), spec.capacity(), probe);
    }

    /** The prompts, and the first token after each. */
    public void prefill() {
      long start = System.nanoTime();
      try (Scope scope = model.engine().scope()) {
        next = model.best(sequences.prefill(scope, prompts));
      }
      prefillSeconds = (System.nanoTime() - start) / 1e9;
    }

    /** One more token of each sequence. */
    public void step() {
      long start = System.nanoTime();
      try (Scope scope = model.engine().scope()) {
        next = model.best(sequences.step(scope, next));
      }
      decodeSeconds += (System.nanoTime() - start) / 1e9;
    }

    private void decode() {
      for (int i = 0; i < spec.decodeTokens(); i++) {
        step();
      }
    }

    /** Adds this run, which is over, to those that count. */
    public void count() {
      int batch = prompts.size();
      prefill
          .computeIfAbsent(batch, b -> new ArrayList<>())
          .add(new Sample((long) batch * spec.promptTokens(), prefillSeconds));
      decode
          .computeIfAbsent(batch, b -> new ArrayList<>())
          .add(new Sample((long) batch * spec.decodeTokens(), decodeSeconds));
    }

    @Override
    public void close() {
      sequences.close();
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

    @Override
    public boolean wantsEveryToken() {
      return to.wantsEveryToken();
    }
  }
}
