package dev.cmoe.finetune;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.nn.Decoder;
import java.util.List;
import java.util.Optional;

/** Memory that training takes beyond mapped weight files and the process itself. */
public final class MemoryEstimate {
  private MemoryEstimate() {}

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
   * Bytes at the peak: four tensors a parameter, the inputs of all layers, and the larger of the
   * head's chunk and one layer's weights and activations.
   *
   * @param window tokens a window
   */
  public static long bytes(
      Decoder student, Optional<Decoder> teacher, TrainingSpec spec, int window) {
    DecoderConfig config = student.config();
    long tokens = (long) spec.microBatch() * window;
    long parameters = 16 * parameters(student, spec);
    long inputs = 4 * tokens * config.hidden() * (config.layers() + 2L);
    long taught = teacher.isPresent() ? 4 * tokens * teacher.get().config().hidden() : 0;
    long layer = layerWeights(student) + activations(student, tokens, window);
    return parameters + inputs + taught + Math.max(layer, head(config, teacher.isPresent()));
  }

  /** Weights of a layer in the compute type; those stored in it are mapped, which costs nothing. */
  private static long layerWeights(Decoder student) {
    DecoderConfig config = student.config();
    long elements =
        config.layout().layer(0).kept().stream().mapToLong(TensorPart::elements).sum()
            + config.feedForwardParameters(
                student.moe().map(MoeShape::storedNeurons).orElse((long) config.intermediate()));
    return elements * student.weights().type().bytes();
  }

  /** What autograd keeps of a layer, and what its backward pass makes. */
  private static long activations(Decoder student, long tokens, int window) {
    DecoderConfig config = student.config();
    MoeShape shape = student.moe().orElseThrow();
    long hidden = config.hidden();
    long heads = (long) config.heads() * config.headDim();
    long runs = shape.active() + (shape.active() < shape.experts() ? 1 : 0);
    long neurons = shape.sharedWidth() + runs * shape.expertWidth();
    long product = student.weights().type().bytes();
    // Norms keep the stream and its square; queries, keys and values come before and after turning.
    long stream = 4 * tokens * hidden * 10 + product * tokens * hidden * (4 + 2 * runs);
    long attention = 4 * tokens * heads * 6 + product * tokens * heads * 6;
    long block = product * tokens * neurons * (config.feedForward().gated() ? 7 : 4);
    long scores =
        config.attention().softCap() > 0
            ? 5L * 4 * config.heads() * window * window * (tokens / window)
            : 0;
    return stream + attention + block + scores;
  }

  /** A chunk of positions by a slab of words, and what is computed of it. */
  private static long head(DecoderConfig config, boolean taught) {
    long words = Math.min(LossHead.SLAB, config.vocabulary());
    return 4L * LossHead.POSITIONS * words * (taught ? 9 : 5) + 4 * words * config.hidden();
  }
}
