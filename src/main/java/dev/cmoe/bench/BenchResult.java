package dev.cmoe.bench;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a benchmark measured.
 *
 * @param dense the model that {@code model} is compared with
 */
public record BenchResult(
    BenchSpec spec, int threads, Entrant model, Optional<Entrant> dense, List<Batch> batches) {
  public BenchResult {
    batches = List.copyOf(batches);
  }

  /**
   * A model that took part.
   *
   * @param name as the user named it
   * @param budget SxAyEz, or {@code dense}
   * @param computeDtype the type it computed in
   * @param stepsInJava whether a step of one sequence went through Java, and not the kernels
   * @param openSeconds time to open it
   * @param weightBytes of its files
   * @param peakAnonymousBytes of the process while it ran; 0 where the system does not tell
   * @param peakResidentBytes likewise, mapped files included
   */
  public record Entrant(
      String name,
      String budget,
      String computeDtype,
      boolean stepsInJava,
      double openSeconds,
      long weightBytes,
      long peakAnonymousBytes,
      long peakResidentBytes) {}

  /**
   * A number of sequences side by side.
   *
   * @param prefillCeiling operations of the dense model over those of the carved one
   * @param decodeCeiling bytes of weights that a step of the dense model reads over those of the
   *     carved one
   */
  public record Batch(
      int size,
      Figures model,
      Optional<Figures> dense,
      OptionalDouble prefillCeiling,
      OptionalDouble decodeCeiling) {

    /** How many times as fast as the dense model, pair of runs by pair of runs. */
    public Optional<Figure> prefillRatio() {
      return dense.map(d -> model.prefill().tokensPerSecond().over(d.prefill().tokensPerSecond()));
    }

    /** How many times as fast as the dense model, pair of runs by pair of runs. */
    public Optional<Figure> decodeRatio() {
      return dense.map(d -> model.decode().tokensPerSecond().over(d.decode().tokensPerSecond()));
    }
  }

  /**
   * What one model did.
   *
   * @param decodeBytes bytes of weights that a decode step reads
   * @param prefillOperations of one prompt
   * @param touchedExperts routed experts of a layer that a decode step reads, mean
   * @param load shares of the prompts' tokens that ran each routed expert, layer by layer
   * @param imbalance largest over mean load of a layer's experts, mean over the layers
   * @param idleExperts experts of all layers that no token of the prompts ran
   */
  public record Figures(
      Phase prefill,
      Phase decode,
      double decodeBytes,
      double prefillOperations,
      double touchedExperts,
      List<double[]> load,
      double imbalance,
      long idleExperts) {
    public Figures {
      load = List.copyOf(load);
    }

    /** Of a contender that has run {@code batch}. */
    public static Figures of(Contender contender, int batch, int promptTokens) {
      Work work = new Work(contender.model().decoder());
      ExpertLoad prompts = contender.prefillLoad(batch);
      double touched = contender.decodeLoad(batch).touched();
      return new Figures(
          contender.prefill(batch),
          contender.decode(batch),
          work.decodeBytes(touched),
          work.prefillOperations(promptTokens),
          touched,
          prompts.shares(),
          prompts.imbalance(),
          prompts.idle());
    }
  }
}
