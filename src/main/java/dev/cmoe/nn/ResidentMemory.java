package dev.cmoe.nn;

import dev.cmoe.arch.AttentionSpec;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.engine.MappedFiles;

/**
 * Memory that running a decoder token by token takes beside the pages of mapped files, estimated
 * from its shapes before any weight is loaded. Main memory alone; a GPU's is not known.
 */
public final class ResidentMemory {
  private static final long FLOAT = 4;

  private final Decoder decoder;
  private final DecoderConfig config;

  public ResidentMemory(Decoder decoder) {
    this.decoder = decoder;
    this.config = decoder.config();
  }

  /** Bytes of the weights that {@link ResidentDecoder#load} copies. */
  public long weights() {
    long sum = 0;
    long conversion = 0;
    String embedding = config.layout().embedding().name();
    String head = config.layout().head().name();
    for (String name : decoder.checkpoint().names()) {
      StoredTensor tensor = decoder.checkpoint().tensor(name);
      if (!tensor.dtype().isFloat() || tensor.shape().size() < 2) {
        continue; // Vectors are too small to count.
      }
      MappedFiles.StoredType stored = Weights.storedType(tensor.dtype());
      long elements = tensor.shape().stream().reduce(1L, (a, b) -> a * b);
      boolean mapped = MappedFiles.canMap(stored, tensor.fileOffset());
      boolean same = stored.scalarType() == decoder.weights().type().scalarType();
      if (!mapped) {
        conversion = Math.max(conversion, 2 * FLOAT * elements);
      }
      if (name.equals(embedding)) {
        sum += mapped ? 0 : FLOAT * elements;
        if (!name.equals(head)) {
          continue;
        }
      }
      sum += mapped && same ? 0 : elements * decoder.weights().type().bytes();
    }
    return sum + conversion;
  }

  /**
   * Bytes of {@code count} sequences that may grow to {@code capacity} tokens: the cache, and what
   * is held at a time while prompts of at most {@code longest} tokens go through the layers.
   */
  public long sequences(int count, int longest, int capacity) {
    long ids = FLOAT * count * (capacity + (long) longest);
    // Slabs, the logits they are joined to, and the copies that a draw is made from.
    long logits = 4 * FLOAT * count * config.vocabulary();
    long pass = Math.max(longest, Math.min(Sequences.PREFILL_TOKENS, (long) count * longest));
    return KeyValueCache.bytes(decoder, count, capacity)
        + ids
        + Math.max(logits, pass * token() + scores(longest, pass / longest));
  }

  /** Values that a block holds at a time for each token, all in float32. */
  private long token() {
    long hidden = config.hidden();
    long attention = 6 * hidden + 8L * config.heads() * config.headDim();
    long always = decoder.moe().map(MoeShape::sharedWidth).orElse(config.intermediate());
    long chosen = decoder.moe().map(MoeShape::active).orElse(0);
    long experts = decoder.moe().map(MoeShape::experts).orElse(0);
    // Of the chosen experts' four, three are gathered inputs, outputs, and outputs joined; the rest
    // is what the allocator keeps of buffers whose sizes change from expert to expert.
    long blocks = 6 * hidden + 3 * always + 4 * chosen * hidden + 4 * experts;
    return FLOAT * Math.max(attention, blocks);
  }

  /** What attention holds that looks at pairs of tokens. */
  private long scores(long length, long sequences) {
    if (decoder.engine().attendsInParts(decoder.weights().type())) {
      // The band that hides what comes later: 64 rows for each head that shares a key, and twice as
      // many while it is made.
      long band = config.heads() / config.keyValueHeads() + 2;
      return FLOAT * (2 * config.heads() * sequences + band) * length * Math.min(64, length);
    }
    AttentionSpec attention = config.attention();
    if (attention.softCap() > 0) {
      return 3 * FLOAT * config.heads() * length * length;
    }
    boolean masked = attention.slides() && attention.window() < length;
    return masked ? FLOAT * length * length * (3 + config.heads() * sequences) : 0;
  }
}
