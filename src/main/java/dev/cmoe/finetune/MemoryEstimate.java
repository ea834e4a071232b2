package dev.cmoe.finetune;

import dev.cmoe.arch.AttentionSpec;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.Residual;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.checkpoint.JoinedTensor;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Device;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.Weights;
import dev.cmoe.safetensors.DType;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Anonymous memory that training takes beyond what the process has before it, bytes: mapped weight
 * files do not count. Counted from what is held at the moment that holds most: the parameters and
 * what layers saw are held throughout; beside them there is one layer of the teacher, the head, or
 * one layer's backward pass at a time. Names of tensors are those of the kernels.
 */
public final class MemoryEstimate {
  private static final long WIDE = 4;

  /**
   * What the allocator's heap spans of what comes and goes in it, by what lies in it. Buffers are
   * kept for the next layer, whose experts see other numbers of tokens, so the next buffer often
   * fits none of the gaps. Between 1.0 and 1.8 in measurements (docs/experiments.md); what is held
   * throughout the run lies together.
   */
  private static final double SPREAD = 1.4;

  private final Decoder student;
  private final Optional<Decoder> teacher;
  private final TrainingSpec spec;
  private final List<Parameter> plan;
  private final DecoderConfig config;
  private final MoeShape shape;
  private final long tokens;
  private final long window;
  private final long product;

  private MemoryEstimate(
      Decoder student, Optional<Decoder> teacher, TrainingSpec spec, int window) {
    this.student = student;
    this.teacher = teacher;
    this.spec = spec;
    this.plan = plan(student, spec);
    this.config = student.config();
    this.shape = student.moe().orElseThrow();
    this.tokens = (long) Math.min(spec.microBatch(), spec.batch()) * window;
    this.window = window;
    this.product = student.weights().type().bytes();
  }

  /** Number of trained values. */
  public static long parameters(Decoder student, TrainingSpec spec) {
    return plan(student, spec).stream().mapToLong(Parameter::elements).sum();
  }

  /**
   * @throws dev.cmoe.run.CmoeException of kind USAGE or UNSUPPORTED for what cannot be trained
   */
  public static void requireParameters(Decoder student, TrainingSpec spec) {
    plan(student, spec);
  }

  private static List<Parameter> plan(Decoder student, TrainingSpec spec) {
    ModelDescription model =
        new ModelDescription(student.config(), student.moe(), student.layout());
    return ParameterPlan.of(model, spec.kinds(), spec.lora());
  }

  /**
   * Bytes at the peak.
   *
   * @param window tokens a window
   */
  public static long bytes(
      Decoder student, Optional<Decoder> teacher, TrainingSpec spec, int window) {
    return new MemoryEstimate(student, teacher, spec, window).peak();
  }

  private long peak() {
    long inputs = WIDE * tokens * config.hidden() * config.layers();
    long taught = teacher.map(this::streams).orElse(0L);
    long teaching = teacher.map(this::dense).orElse(0L);
    long working =
        LongStream.of(teaching, taught + streams(student) + head(), layer()).max().orElseThrow();
    return values() + inputs + Math.round(SPREAD * working) + writing();
  }

  /** A residual stream. */
  private long streams(Decoder model) {
    return WIDE * tokens * model.config().hidden();
  }

  /** Value, gradient and two moments of each parameter; the gradients of a layer once more. */
  private long values() {
    long all = plan.stream().mapToLong(Parameter::elements).sum();
    return 4 * WIDE * all + WIDE * all / config.layers();
  }

  /**
   * Weights of a layer that are not mapped as they are stored, and the float32 of others. The
   * largest counts twice: its place may not be that of the last layer's.
   */
  private static long converted(Decoder model) {
    DecoderConfig config = model.config();
    ComputeType type = model.weights().type();
    TensorPart first = config.layout().layer(0).projections().get(0);
    DType stored = model.checkpoint().tensor(first).dtype();
    if (Weights.storedType(stored).scalarType() == type.scalarType()) {
      return joined(model);
    }
    long elements =
        config.layout().layer(0).kept().stream().mapToLong(TensorPart::elements).sum()
            + config.feedForwardParameters(
                model.moe().map(MoeShape::storedNeurons).orElse((long) config.intermediate()));
    long largest =
        config.hidden()
            * model
                .moe()
                .map(of -> (long) of.experts() * of.expertWidth() * config.feedForward().inward())
                .orElse((long) config.intermediate());
    return (elements + largest) * type.bytes();
  }

  /** Weights of a layer that a native format has in pieces: put together they are copies. */
  private static long joined(Decoder model) {
    TensorStore tensors = model.tensors();
    String layer = new LayerNames(0).prefix();
    return tensors.names().stream()
        .filter(name -> name.startsWith(layer))
        .map(tensors::tensor)
        .filter(tensor -> !liesInOnePiece(tensor))
        .mapToLong(tensor -> tensor.spec().elements() * model.weights().type().bytes())
        .sum();
  }

  private static boolean liesInOnePiece(ReadableTensor tensor) {
    return tensor instanceof StoredTensor
        || tensor instanceof JoinedTensor joined && joined.isWhole();
  }

  /** A layer of the teacher on its way forward. */
  private long dense(Decoder model) {
    DecoderConfig of = model.config();
    long heads = (long) of.heads() * of.headDim();
    // Queries, keys, values and results in float32, 64 queries' scores and shares.
    long scores = 2L * of.heads() * Math.min(64, window);
    long attention = product * tokens * heads * 4 + WIDE * tokens * (heads * 4 + scores);
    long block = product * tokens * of.intermediate() * of.feedForward().inward();
    return converted(model)
        + WIDE * tokens * of.hidden() * 4
        + product * tokens * of.hidden()
        + Math.max(attention, block);
  }

  /**
   * The backward pass of a layer: what autograd keeps as it begins, or attention's part when the
   * block's is gone, and the first gradients.
   */
  private long layer() {
    return converted(student)
        + widened()
        + attention()
        + Math.max(shared() + routed(), withoutCopies() ? unmixed() : 0)
        // Gradients at input and output, the output, the sum of the experts.
        + 4 * streams(student);
  }

  /** Where bfloat16 is multiplied in float32, autograd keeps the weights so. */
  private long widened() {
    boolean widens =
        student.weights().type() == ComputeType.BFLOAT16 && student.engine().widensBfloat16();
    long kept =
        config.layout().layer(0).projections().stream().mapToLong(TensorPart::elements).sum();
    return widens ? WIDE * (kept + config.feedForwardParameters(shape.storedNeurons())) : 0;
  }

  /** Whether no layer's keys are copied for each head: where autograd stays out of attention. */
  private boolean withoutCopies() {
    AttentionSpec attention = config.attention();
    return student.engine().device().equals(Device.CPU)
        && student.weights().type() == ComputeType.FLOAT32
        && attention.softCap() == 0
        && !(attention.slides() && attention.window() < window);
  }

  private long attention() {
    long heads = (long) config.heads() * config.headDim();
    long shared = (long) config.keyValueHeads() * config.headDim();
    // z; q, the output; keys and values, for each head of q where autograd goes through attention;
    // the residual stream after it.
    long seen = 2 * heads + 2 * (withoutCopies() ? shared : heads);
    long kept = tokens * (product * (config.hidden() + seen) + WIDE * config.hidden());
    if (config.attention().headNorm() != AttentionSpec.HeadNorm.NONE) {
      kept += WIDE * tokens * (heads + shared);
    }
    if (config.residual() != Residual.PARALLEL
        && !config.layout().layer(0).afterAttentionNorm().isEmpty()) {
      kept += 2 * streams(student);
    }
    if (config.attention().softCap() > 0) {
      long scores = WIDE * config.heads() * window * window;
      kept += 2 * scores * (tokens / window) + 3 * scores;
    }
    return kept;
  }

  /**
   * Attention's backward pass by hand: 128 queries' scores and gradients there; of queries and of
   * shared keys and values what comes in, its copies and the results.
   */
  private long unmixed() {
    long scores = 2 * config.heads() * Math.min(128, window);
    long widths = 4L * (config.heads() + config.keyValueHeads()) * config.headDim();
    return WIDE * tokens * (scores + widths);
  }

  /** Gate, its activation, up, their product; or up and its activation. */
  private long shared() {
    long input = streams(student) + (product < WIDE ? product * tokens * config.hidden() : 0);
    return input + product * tokens * shape.sharedWidth() * (config.feedForward().gated() ? 4 : 2);
  }

  /**
   * The same of the experts with gates applied, their inputs, and the gradients at their outputs.
   */
  private long routed() {
    boolean steered = spec.kinds().contains(TrainedKind.ROUTER) && shape.active() < shape.experts();
    long pairs = tokens * (shape.active() + (steered ? 1 : 0));
    long neurons = product * (config.feedForward().gated() ? 5 : 3);
    if (product < WIDE) {
      neurons += WIDE;
    }
    return pairs * (neurons * shape.expertWidth() + (product + WIDE) * config.hidden());
  }

  /**
   * A chunk of positions by a slab of words, the teacher's beside it, some rows of them once more;
   * the slab's weights where they are converted, gradients of positions. Where there is a second
   * chunk, its place may not be that of the first.
   */
  private long head() {
    long words = Math.min(LossHead.SLAB, config.vocabulary());
    long positions = Math.min(LossHead.POSITIONS, tokens);
    long logits = WIDE * positions * words;
    long places = tokens > LossHead.POSITIONS ? 2 : 1;
    long chunk = places * logits * (teacher.isPresent() ? 2 : 1) + 2 * WIDE * LossHead.CACHED;
    if (product < WIDE) {
      // Products come in the compute type and are copied.
      chunk += logits;
    }
    long slab = WIDE * words * config.hidden();
    return chunk + slab + 2 * streams(student);
  }

  /** The largest merged tensor, one of its experts twice, on the heap of Java. */
  private long writing() {
    if (!spec.kinds().contains(TrainedKind.LORA)) {
      return 0;
    }
    return Projection.of(config, shape, 0).stream()
        .filter(projection -> projection.isIn(spec.lora().targets()))
        .mapToLong(
            projection ->
                projection.rows()
                    * projection.in()
                    * (storedBytes(projection) * Math.max(1, projection.experts()) + 2 * WIDE))
        .max()
        .orElse(0);
  }

  private long storedBytes(Projection projection) {
    return student.tensors().tensor(projection.tensor()).dtype().bytes();
  }
}
