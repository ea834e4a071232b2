package dev.cmoe.nn;

import dev.cmoe.arch.DecoderLayout;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import java.util.List;

/** The last norm and the projection to the vocabulary, owned by the scope it was loaded into. */
final class OutputHead {
  private final Decoder decoder;
  private final Kernel kernel;
  private final List<Tensor> norm;
  private final Tensor weight;
  private final List<Tensor> bias;

  private OutputHead(Decoder decoder, Scope scope, Tensor weight) {
    DecoderLayout layout = decoder.config().layout();
    this.decoder = decoder;
    this.kernel = decoder.kernel();
    this.norm = decoder.norm(scope, layout.finalNorm());
    this.weight = weight;
    this.bias =
        layout.headBias().stream().map(part -> decoder.weights().loadFloat(scope, part)).toList();
  }

  /** To be used once: the weight stays in its stored type and is converted a slab at a time. */
  static OutputHead asStored(Decoder decoder, Scope scope) {
    return new OutputHead(
        decoder, scope, decoder.weights().loadStored(scope, decoder.config().layout().head()));
  }

  /** To be used often: the weight is in the compute type. */
  static OutputHead converted(Decoder decoder, Scope scope) {
    return new OutputHead(
        decoder, scope, decoder.weights().load(scope, decoder.config().layout().head()));
  }

  /** The last norm, as kernels take it. */
  List<Tensor> norm() {
    return norm;
  }

  /** [V,d]. */
  Tensor weight() {
    return weight;
  }

  /** None, or [V]. */
  List<Tensor> bias() {
    return bias;
  }

  /** Logits float32 [n,V] for rows x [n,d]. */
  Tensor logits(Scope into, Tensor x) {
    return kernel.call(
        into,
        "logits",
        x,
        norm,
        decoder.config().norm().epsilon(),
        weight,
        bias,
        decoder.config().logitSoftCap(),
        decoder.weights().type().scalarType());
  }
}
