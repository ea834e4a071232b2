package dev.cmoe.nn;

import dev.cmoe.arch.RopeSpec;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Sequences that grow token by token, side by side. Each has positions of its own, so their lengths
 * may differ and none sees another's padding.
 */
public final class Sequences implements AutoCloseable {
  /** Tokens that go through the layers at once, unless one prompt has more. */
  static final int PREFILL_TOKENS = 8192;

  private final ResidentDecoder model;
  private final Scope scope;
  private final KeyValueCache cache;
  private final FeedForwardProbe probe;
  private final int capacity;
  private final int[][] tokens;
  private final int[] lengths;
  private final Map<RopeSpec, Rotary> lastAngles = new HashMap<>();
  private DecodeStep.Bound decodeStep;
  private RowStep.Bound rowStep;

  Sequences(ResidentDecoder model, int count, int capacity, FeedForwardProbe probe) {
    this.model = model;
    this.probe = probe;
    this.capacity = capacity;
    this.tokens = new int[count][capacity];
    this.lengths = new int[count];
    this.scope = model.engine().scope();
    this.cache = KeyValueCache.create(model.decoder(), scope, count, capacity);
  }

  /** Tokens of sequence {@code i} so far. */
  public int[] tokens(int i) {
    return Arrays.copyOf(tokens[i], lengths[i]);
  }

  /** Number of tokens of sequence {@code i} so far. */
  public int length(int i) {
    return lengths[i];
  }

  /**
   * Begins every sequence anew with a prompt of its own.
   *
   * @return logits [B,V] of what comes after each prompt
   */
  public Tensor prefill(Scope into, List<int[]> prompts) {
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = prompts.get(i).length;
      System.arraycopy(prompts.get(i), 0, tokens[i], 0, lengths[i]);
    }
    try (Scope scratch = into.child()) {
      List<Tensor> last = new ArrayList<>();
      for (int first = 0; first < lengths.length; ) {
        int count = together(first);
        last.add(prefill(scratch, first, count, longest(first, count)));
        first += count;
      }
      return model.logits(into, model.decoder().joined(scratch, last));
    }
  }

  /** How many sequences from {@code first} on fit into one pass. */
  private int together(int first) {
    int count = 1;
    while (first + count < lengths.length
        && (long) longest(first, count + 1) * (count + 1) <= PREFILL_TOKENS
        && (!dependsOnLength() || lengths[first + count] == lengths[first])) {
      count++;
    }
    return count;
  }

  private int longest(int first, int count) {
    return Arrays.stream(lengths, first, first + count).max().orElseThrow();
  }

  private boolean dependsOnLength() {
    return model.config().rope().dependsOnLength();
  }

  /**
   * Runs sequences {@code first} to {@code first + count - 1} from their beginnings. Shorter ones
   * are padded at the end: no token looks ahead, and what padding leaves in the cache is behind the
   * end, where nothing looks before it is overwritten. Of the last layer's results only those of
   * each sequence's last token are of use, so it takes the keys and values of all tokens, and runs
   * for the last one alone; for all of them when the probe wants to see every token.
   *
   * @param ropeLength length by which angles are chosen that depend on it
   * @return the residual stream [count,d] at each sequence's last token
   */
  private Tensor prefill(Scope into, int first, int count, int ropeLength) {
    int length = longest(first, count);
    int[][] begun =
        IntStream.range(first, first + count).mapToObj(this::tokens).toArray(int[][]::new);
    int[][] padded =
        Arrays.stream(begun).map(tokens -> Arrays.copyOf(tokens, length)).toArray(int[][]::new);
    try (Scope held = into.child()) {
      KeyValueCache part = cache.part(held, first, count);
      NextTokens ends = NextTokens.lastOf(model.decoder(), held, begun);
      Map<RopeSpec, Rotary> angles = new HashMap<>();
      Tensor x = model.embed(held, padded);
      int layers = model.config().layers();
      for (int i = 0; i < layers; i++) {
        RopeSpec rope = model.rope(i);
        Rotary rotary =
            angles.computeIfAbsent(
                rope, r -> Rotary.of(held, r, model.config().headDim(), length, ropeLength));
        DecoderLayer layer = model.layer(i);
        Tensor next;
        if (i < layers - 1 || probe.wantsEveryToken()) {
          next = layer.prefill(held, x, rotary, part, probe);
        } else {
          layer.remember(held, x, rotary, part);
          next = layer.step(held, ends.rowsOf(x), ends.angles(rope, rotary), ends, part, probe);
        }
        x.close();
        x = next;
      }
      return model.decoder().rows(into, x.size(1) == 1 ? x : ends.rowsOf(x));
    }
  }

  /**
   * Adds a token to each sequence.
   *
   * @param next the token of each sequence
   * @param live sequences that go on; the token of another is computed and forgotten
   * @return logits [B,V] of what comes after them; rows of sequences that do not go on are of no
   *     use
   */
  public Tensor step(Scope into, int[] next, boolean[] live) {
    int[] positions = new int[lengths.length];
    Decoder decoder = model.decoder();
    for (int i = 0; i < lengths.length; i++) {
      positions[i] = Math.min(lengths[i], capacity - 1);
      int token = decoder.requireToken(next[i]);
      if (live[i]) {
        tokens[i][lengths[i]] = token;
      }
    }
    try (Scope held = into.child()) {
      renewWhereAnglesChange(held, live);
      NextTokens now = new NextTokens(decoder, held, next, positions);
      Tensor logits = logits(into, held, now);
      for (int i = 0; i < lengths.length; i++) {
        lengths[i] += live[i] ? 1 : 0;
      }
      return logits;
    }
  }

  private Tensor logits(Scope into, Scope held, NextTokens now) {
    if (lengths.length == 1 && RowStep.canRead(cache) && model.rowStep().isPresent()) {
      return row(into, held, now.windows());
    }
    return probe == FeedForwardProbe.NONE
        ? decodeStep().logits(into, now)
        : probed(into, held, now);
  }

  private Tensor row(Scope into, Scope held, int[][] windows) {
    if (rowStep == null) {
      List<Rotary> angles = new ArrayList<>();
      for (int i = 0; i < model.config().layers(); i++) {
        angles.add(lastAngles(model.rope(i)));
      }
      rowStep = model.rowStep().orElseThrow().bind(angles, cache);
    }
    float[] embedding = model.embed(held, windows).toFloats();
    int position = Math.min(lengths[0], capacity - 1);
    float[] logits = rowStep.logits(held, embedding, position, probe);
    return into.of(logits, 1, logits.length);
  }

  private DecodeStep.Bound decodeStep() {
    if (decodeStep == null) {
      decodeStep = model.decodeStep().bind(scope, this::lastAngles, cache);
    }
    return decodeStep;
  }

  /** Layer by layer, so that the probe sees what is in each. */
  private Tensor probed(Scope into, Scope held, NextTokens now) {
    Tensor y = model.embed(held, now.windows());
    for (int i = 0; i < model.config().layers(); i++) {
      Rotary angles = now.angles(model.rope(i), lastAngles(model.rope(i)));
      Tensor after = model.layer(i).step(held, y, angles, now, cache, probe);
      y.close();
      y = after;
    }
    return model.logits(into, model.decoder().rows(held, y));
  }

  /** Adds a token to each sequence, all of which go on. */
  public Tensor step(Scope into, int[] next) {
    boolean[] live = new boolean[lengths.length];
    Arrays.fill(live, true);
    return step(into, next, live);
  }

  private Rotary lastAngles(RopeSpec rope) {
    return lastAngles.computeIfAbsent(
        rope, r -> Rotary.ofLast(scope, r, model.config().headDim(), capacity));
  }

  /**
   * A sequence that outgrows the length its model was trained on has other angles from its first
   * token on, so all its keys are computed anew.
   */
  private void renewWhereAnglesChange(Scope scratch, boolean[] live) {
    RopeSpec rope = model.config().rope();
    for (int i = 0; dependsOnLength() && i < lengths.length; i++) {
      if (live[i] && lengths[i] == rope.originalContext()) {
        prefill(scratch, i, 1, lengths[i] + 1);
      }
    }
  }

  @Override
  public void close() {
    rowStep = null; // It holds bare memory of the cache.
    scope.close();
  }
}
