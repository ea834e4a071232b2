package dev.cmoe.finetune;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.arch.TensorLayout;
import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which tensors a model trains. */
final class ParameterPlan {
  private final DecoderConfig config;
  private final MoeShape shape;
  private final Set<TrainedKind> kinds;
  private final LoraSpec lora;
  private final List<Parameter> parameters = new ArrayList<>();

  private ParameterPlan(
      DecoderConfig config, MoeShape shape, Set<TrainedKind> kinds, LoraSpec lora) {
    this.config = config;
    this.shape = shape;
    this.kinds = kinds;
    this.lora = lora;
  }

  /**
   * The trained tensors in the order of layers.
   *
   * @throws CmoeException of kind USAGE for kinds or targets that the model does not have, of kind
   *     UNSUPPORTED for a dense model
   */
  static List<Parameter> of(ModelDescription model, Set<TrainedKind> kinds, LoraSpec lora) {
    if (model.layout() == TensorLayout.DENSE) {
      throw CmoeException.unsupported(
          "the model is dense; carve it first: fine-tuning recovers what carving lost");
    }
    if (model.layout() != TensorLayout.OWN) {
      throw new IllegalArgumentException("not by the tensors of the own format: " + model.layout());
    }
    ParameterPlan plan = new ParameterPlan(model.config(), model.moe().orElseThrow(), kinds, lora);
    plan.check();
    for (int i = 0; i < model.config().layers(); i++) {
      plan.layer(i);
    }
    return List.copyOf(plan.parameters);
  }

  private void check() {
    for (TrainedKind kind : kinds) {
      if (kind != TrainedKind.LORA && shape.router() == RouterKind.NONE) {
        throw CmoeException.usage("--train " + kind + ": the model routes nothing");
      }
    }
    if (kinds.contains(TrainedKind.ROUTER) && shape.router() != RouterKind.LINEAR) {
      throw CmoeException.usage(
          "--train router: only linear routers are trained; the rows of this model's routers are"
              + " neurons of unit length, whose scales 'gates' trains");
    }
    for (Projection projection : Projection.of(config, shape, 0)) {
      if (kinds.contains(TrainedKind.LORA) && projection.isPartlyIn(lora.targets())) {
        throw CmoeException.usage(
            "--lora-targets: the model stores "
                + projection.targets().stream().map(LoraTarget::toString).sorted().toList()
                + " in one tensor ("
                + projection.tensor()
                + "); name all of them or none");
      }
    }
  }

  private void layer(int index) {
    if (kinds.contains(TrainedKind.LORA)) {
      Projection.of(config, shape, index).stream()
          .filter(projection -> projection.isIn(lora.targets()))
          .forEach(projection -> factors(index, projection));
    }
    LayerNames names = new LayerNames(index);
    long experts = shape.experts();
    if (kinds.contains(TrainedKind.ROUTER)) {
      Parameter.Start weight = new Parameter.Stored(OwnLayout.router(names, "weight"));
      Parameter.Start bias = new Parameter.Stored(OwnLayout.router(names, "bias"));
      add(index, "router.0", TrainedKind.ROUTER, weight, experts, config.hidden());
      add(index, "router.1", TrainedKind.ROUTER, bias, experts);
    }
    if (kinds.contains(TrainedKind.GATES)) {
      Parameter.Start start =
          shape.gateScaled()
              ? new Parameter.Stored(OwnLayout.router(names, "gate_scale"))
              : new Parameter.Zeros();
      add(index, "gate_scale", TrainedKind.GATES, start, experts);
    }
  }

  private void factors(int index, Projection projection) {
    long in = projection.in();
    long rows = projection.rows();
    long rank = lora.rank();
    long experts = projection.experts();
    long[] a = experts > 0 ? new long[] {experts, rank, in} : new long[] {rank, in};
    long[] b = experts > 0 ? new long[] {experts, rows, rank} : new long[] {rows, rank};
    add(index, projection.stem() + ".a", TrainedKind.LORA, new Parameter.Uniform(in), a);
    add(index, projection.stem() + ".b", TrainedKind.LORA, new Parameter.Zeros(), b);
  }

  private void add(int index, String name, TrainedKind kind, Parameter.Start start, long... shape) {
    parameters.add(Parameter.of(index, name, kind, start, shape));
  }
}
