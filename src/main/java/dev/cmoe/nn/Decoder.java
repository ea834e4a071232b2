package dev.cmoe.nn;

import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.RopeSpec;
import dev.cmoe.arch.TensorLayout;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Longs;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A model directory, dense or carved, opened for running. Layers are loaded when asked for, into a
 * scope of the caller's, so a caller decides how many are held at a time.
 */
public final class Decoder implements AutoCloseable {
  private final Engine engine;
  private final Checkpoint checkpoint;
  private final ModelDescription model;
  private final DecoderConfig config;
  private final Weights weights;
  private final Kernel kernel;
  private final Scope scope;
  private final Map<Turning, Rotary> rotaries = new HashMap<>();

  private record Turning(RopeSpec rope, int length) {}

  private Decoder(
      Engine engine,
      Checkpoint checkpoint,
      TensorStore tensors,
      ModelDescription model,
      ComputeType type) {
    this.engine = engine;
    this.checkpoint = checkpoint;
    this.model = model;
    this.config = model.config();
    this.weights = new Weights(engine, tensors, type);
    this.kernel = engine.kernel(Decoder.class, "decoder");
    this.scope = engine.scope();
  }

  /**
   * Opens {@code directory}.
   *
   * @throws CmoeException of kind BAD_INPUT or UNSUPPORTED
   */
  public static Decoder open(Engine engine, Path directory, ComputeType type) {
    return open(engine, directory, type, UnaryOperator.identity());
  }

  /** The same, with every routed expert running for every token. */
  public static Decoder openWithAllExperts(Engine engine, Path directory, ComputeType type) {
    return open(engine, directory, type, ModelDescription::withAllExperts);
  }

  /**
   * A decoder of {@code tensors}, a view of {@code checkpoint} such as the form that it was
   * converted from. The checkpoint becomes the decoder's, also when this fails.
   *
   * @throws CmoeException of kind BAD_INPUT or UNSUPPORTED
   */
  public static Decoder of(
      Engine engine, Checkpoint checkpoint, TensorStore tensors, ComputeType type) {
    try {
      Path file = checkpoint.directory().resolve("config.json");
      ModelDescription model = ModelDescription.read(new ConfigReader(file, tensors.config()));
      return new Decoder(engine, checkpoint, tensors, model, type);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private static Decoder open(
      Engine engine, Path directory, ComputeType type, UnaryOperator<ModelDescription> change) {
    Checkpoint checkpoint = Checkpoint.open(directory);
    try {
      ConfigReader reader = new ConfigReader(directory.resolve("config.json"), checkpoint.config());
      ModelDescription model = ModelDescription.read(reader);
      if (model.layout() == TensorLayout.GLM4_MOE) {
        Glm4MoeMixture.requireNoOtherBias(checkpoint, model.config());
      }
      return new Decoder(engine, checkpoint, checkpoint, change.apply(model), type);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  public Engine engine() {
    return engine;
  }

  /** The directory, with its tokenizer. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The weights by the names of {@link #config}: the checkpoint's, or those of a view of it. */
  public TensorStore tensors() {
    return weights.tensors();
  }

  public DecoderConfig config() {
    return config;
  }

  /** Shape of the feed-forward blocks of a carved model; empty for a dense one. */
  public Optional<MoeShape> moe() {
    return model.moe();
  }

  /** How the feed-forward blocks are stored. */
  public TensorLayout layout() {
    return model.layout();
  }

  public Weights weights() {
    return weights;
  }

  Kernel kernel() {
    return kernel;
  }

  /** Angles of {@code layer} for sequences of {@code length} tokens; owned by this decoder. */
  public Rotary rotary(int layer, int length) {
    return rotaries.computeIfAbsent(
        new Turning(config.rope(layer), length),
        key -> Rotary.of(scope, key.rope(), config.headDim(), length));
  }

  /**
   * The norm at {@code parts} as kernels take it: none for no norm, the scale for RMSNorm, scale
   * and bias for LayerNorm, float32.
   */
  public List<Tensor> norm(Scope into, List<TensorPart> parts) {
    return parts.stream()
        .map(
            part ->
                config.norm().plusOne()
                    ? kernel.call(into, "plusOne", weights.loadFloat(into, part))
                    : weights.loadFloat(into, part))
        .toList();
  }

  /** Loads layer {@code index} into {@code into}. */
  public DecoderLayer layer(Scope into, int index) {
    return new DecoderLayer(this, index, into);
  }

  /** The residual stream at the first layer, float32 [B,T,d], for B windows of T token ids. */
  public Tensor embed(Scope into, int[]... windows) {
    try (Scope scratch = into.child()) {
      return embed(into, embeddings(scratch), windows);
    }
  }

  /** The table of {@link #embed} as it is stored, for whoever embeds often. */
  Tensor embeddings(Scope into) {
    return weights.loadStored(into, config.layout().embedding());
  }

  /** The residual stream at the first layer, with the rows of {@code table}. */
  Tensor embed(Scope into, Tensor table, int[]... windows) {
    int length = windows[0].length;
    long[] ids = new long[windows.length * length];
    for (int w = 0; w < windows.length; w++) {
      for (int t = 0; t < length; t++) {
        ids[w * length + t] = requireToken(windows[w][t]);
      }
    }
    try (Scope scratch = into.child()) {
      return kernel.call(
          into, "embed", scratch.of(ids, windows.length, length), table, config.embeddingScale());
    }
  }

  /**
   * Returns {@code id}.
   *
   * @throws CmoeException of kind BAD_INPUT for one that the vocabulary lacks
   */
  int requireToken(int id) {
    if (id < 0 || id >= config.vocabulary()) {
      throw CmoeException.badInput(
          "token id "
              + id
              + " is outside the vocabulary of "
              + config.vocabulary()
              + " ("
              + checkpoint.directory()
              + ")");
    }
    return id;
  }

  /** Logits float32 [n,V] for rows x [n,d] of the residual stream after the last layer. */
  public Tensor logits(Scope into, Tensor x) {
    try (Scope scratch = into.child()) {
      return OutputHead.asStored(this, scratch).logits(into, x);
    }
  }

  /** {@code x} [B,T,d] as rows [B·T,d]. */
  public Tensor rows(Scope into, Tensor x) {
    return kernel.call(
        into, "rows", x, 0L, x.size(0), new Longs(x.count() / config.hidden(), config.hidden()));
  }

  /** Rows [first, first + count) of {@code rows} [n,d]. */
  public Tensor rows(Scope into, Tensor rows, long first, long count) {
    return kernel.call(into, "rows", rows, first, count, new Longs(count, config.hidden()));
  }

  /** Rows of {@code parts}, one after the other. */
  Tensor joined(Scope into, List<Tensor> parts) {
    return parts.size() == 1 ? parts.get(0) : kernel.call(into, "joined", parts);
  }

  /** The residual stream after the last layer, [B,T,d], for B windows of T token ids. */
  public Tensor run(Scope into, int[]... windows) {
    Tensor x = embed(into, windows);
    for (int i = 0; i < config.layers(); i++) {
      try (Scope scratch = into.child()) {
        Tensor next = into.keep(layer(scratch, i).forward(scratch, x));
        x.close();
        x = next;
      }
    }
    return x;
  }

  @Override
  public void close() {
    scope.close();
    weights.close();
    checkpoint.close();
  }
}
