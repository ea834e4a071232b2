package dev.cmoe.finetune;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.FeedForwardSpec;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.Naming;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.arch.TensorLayout;
import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which tensors a model trains. Packed expert tensors have one low-rank addition an expert over all
 * their rows, the form in which PEFT's {@code target_parameters} holds it; projections that a
 * family stores as one have one, too.
 */
final class ParameterPlan {
  private final DecoderConfig config;
  private final Optional<MoeShape> moe;
  private final Set<TrainedKind> kinds;
  private final LoraSpec lora;
  private final List<Parameter> parameters = new ArrayList<>();

  private ParameterPlan(ModelDescription model, Set<TrainedKind> kinds, LoraSpec lora) {
    this.config = model.config();
    this.moe = model.moe();
    this.kinds = kinds;
    this.lora = lora;
  }

  /**
   * The trained tensors in the order of layers.
   *
   * @throws CmoeException of kind USAGE for kinds or targets that the model does not have, of kind
   *     UNSUPPORTED for a model in a native format
   */
  static List<Parameter> of(ModelDescription model, Set<TrainedKind> kinds, LoraSpec lora) {
    ParameterPlan plan = new ParameterPlan(model, kinds, lora);
    plan.check(model.layout());
    for (int i = 0; i < model.config().layers(); i++) {
      plan.layer(i);
    }
    return List.copyOf(plan.parameters);
  }

  private void check(TensorLayout layout) {
    if (layout == TensorLayout.GLM4_MOE) {
      throw CmoeException.unsupported(
          "models in the format glm4_moe are not trained; fine-tune the model in the format cmoe"
              + " and write the result with --format glm4_moe");
    }
    RouterKind router = moe.map(MoeShape::router).orElse(RouterKind.NONE);
    for (TrainedKind kind : kinds) {
      if (kind != TrainedKind.LORA && router == RouterKind.NONE) {
        throw CmoeException.usage("--train " + kind + ": the model routes nothing");
      }
    }
    if (kinds.contains(TrainedKind.ROUTER) && router != RouterKind.LINEAR) {
      throw CmoeException.usage(
          "--train router: only linear routers are trained; the rows of this model's routers are"
              + " neurons of unit length, whose scales 'gates' trains");
    }
    if (config.naming() == Naming.FUSED) {
      together(Set.of(LoraTarget.Q, LoraTarget.K, LoraTarget.V), "projections");
    }
    if (config.feedForward().gated() && moe.map(MoeShape::experts).orElse(0) > 0) {
      together(Set.of(LoraTarget.GATE, LoraTarget.UP), "experts");
    }
  }

  private void together(Set<LoraTarget> targets, String what) {
    long given = targets.stream().filter(lora.targets()::contains).count();
    if (given != 0 && given != targets.size()) {
      throw CmoeException.usage(
          "--lora-targets: the model stores "
              + targets.stream().map(LoraTarget::toString).sorted().toList()
              + " of its "
              + what
              + " in one tensor; name all of them or none");
    }
  }

  private void layer(int index) {
    LayerLayout layout = config.layout().layer(index);
    if (kinds.contains(TrainedKind.LORA)) {
      attention(index, layout);
      block(index, layout);
    }
    if (kinds.contains(TrainedKind.ROUTER)) {
      LayerNames names = new LayerNames(index);
      long experts = moe.orElseThrow().experts();
      String weight = OwnLayout.router(names, "weight");
      String bias = OwnLayout.router(names, "bias");
      add(index, "router.0", TrainedKind.ROUTER, stored(weight), experts, config.hidden());
      add(index, "router.1", TrainedKind.ROUTER, stored(bias), experts);
    }
    if (kinds.contains(TrainedKind.GATES)) {
      Parameter.Start start =
          moe.orElseThrow().gateScaled()
              ? stored(OwnLayout.router(new LayerNames(index), "gate_scale"))
              : new Parameter.Zeros();
      add(index, "gate_scale", TrainedKind.GATES, start, moe.orElseThrow().experts());
    }
  }

  private static Parameter.Start stored(String tensor) {
    return new Parameter.Stored(tensor);
  }

  private void attention(int index, LayerLayout layout) {
    List<String> names = List.of("q", "k", "v", "o");
    List<LoraTarget> targets = List.of(LoraTarget.Q, LoraTarget.K, LoraTarget.V, LoraTarget.O);
    boolean fused = config.naming() == Naming.FUSED;
    if (fused && lora.targets().contains(LoraTarget.Q)) {
      pair(index, "qkv", layout.projections().get(0).storedRows(), config.hidden());
    }
    for (int i = fused ? 3 : 0; i < 4; i++) {
      if (lora.targets().contains(targets.get(i))) {
        long[] shape = layout.projections().get(i).dimensions();
        pair(index, names.get(i), shape[0], shape[1]);
      }
    }
  }

  private void block(int index, LayerLayout layout) {
    FeedForwardSpec block = config.feedForward();
    long always = moe.map(shape -> (long) shape.sharedWidth()).orElse((long) config.intermediate());
    List<LoraTarget> inward =
        block.gated() ? List.of(LoraTarget.GATE, LoraTarget.UP) : List.of(LoraTarget.UP);
    for (int i = 0; i < inward.size() && always > 0; i++) {
      if (lora.targets().contains(inward.get(i))) {
        pair(index, "shared." + i, always, config.hidden());
      }
    }
    if (lora.targets().contains(LoraTarget.DOWN) && always > 0) {
      pair(index, "shared.down", config.hidden(), always);
    }
    if (moe.isPresent() && moe.get().experts() > 0) {
      long experts = moe.get().experts();
      long width = moe.get().expertWidth();
      if (lora.targets().contains(LoraTarget.UP)) {
        pairs(index, "experts.in", experts, block.inward() * width, config.hidden());
      }
      if (lora.targets().contains(LoraTarget.DOWN)) {
        pairs(index, "experts.down", experts, config.hidden(), width);
      }
    }
  }

  /** Factors of an addition to a weight [rows,in]. */
  private void pair(int index, String name, long rows, long in) {
    add(index, name + ".a", TrainedKind.LORA, new Parameter.Uniform(in), lora.rank(), in);
    add(index, name + ".b", TrainedKind.LORA, new Parameter.Zeros(), rows, lora.rank());
  }

  /** Factors of additions to the weights [rows,in] of each expert. */
  private void pairs(int index, String name, long experts, long rows, long in) {
    add(index, name + ".a", TrainedKind.LORA, new Parameter.Uniform(in), experts, lora.rank(), in);
    add(index, name + ".b", TrainedKind.LORA, new Parameter.Zeros(), experts, rows, lora.rank());
  }

  private void add(int index, String name, TrainedKind kind, Parameter.Start start, long... shape) {
    parameters.add(Parameter.of(index, name, kind, start, shape));
  }
}
