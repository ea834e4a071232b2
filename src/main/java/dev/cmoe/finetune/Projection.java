package dev.cmoe.finetune;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.FeedForwardSpec;
import dev.cmoe.arch.LayerLayout;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.Naming;
import dev.cmoe.arch.OwnLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A stored tensor of the own format that can have a low-rank addition. Packed expert tensors have
 * one an expert over all their rows, the form in which PEFT's {@code target_parameters} holds it;
 * projections that a family stores as one have one, too.
 *
 * @param stem what the kernel of layers calls the addition
 * @param tensor name of the stored tensor
 * @param targets what it does; several where it is stored as one
 * @param experts [E,rows,in] instead of [rows,in] when above 0
 */
record Projection(
    String stem, String tensor, Set<LoraTarget> targets, int experts, long rows, long in) {

  /** Those of layer {@code index}, in the order of the forward pass. */
  static List<Projection> of(DecoderConfig config, MoeShape shape, int index) {
    List<Projection> all = new ArrayList<>();
    LayerLayout layout = config.layout().layer(index);
    LayerNames names = new LayerNames(index);
    attention(all, config, layout);
    FeedForwardSpec block = config.feedForward();
    List<String> inward = OwnLayout.inward(block);
    Set<LoraTarget> both =
        block.gated() ? EnumSet.of(LoraTarget.GATE, LoraTarget.UP) : EnumSet.of(LoraTarget.UP);
    long hidden = config.hidden();
    long always = shape.sharedWidth();
    if (always > 0) {
      for (int i = 0; i < inward.size(); i++) {
        String name = OwnLayout.shared(names, inward.get(i), "weight");
        LoraTarget target = List.copyOf(both).get(i);
        all.add(new Projection("shared." + i, name, Set.of(target), 0, always, hidden));
      }
      String down = OwnLayout.shared(names, "down_proj", "weight");
      all.add(new Projection("shared.down", down, Set.of(LoraTarget.DOWN), 0, hidden, always));
    }
    if (shape.experts() > 0) {
      int experts = shape.experts();
      long width = shape.expertWidth();
      String in = OwnLayout.experts(names, OwnLayout.expertInward(block));
      all.add(new Projection("experts.in", in, both, experts, block.inward() * width, hidden));
      String down = OwnLayout.experts(names, "down_proj");
      all.add(
          new Projection("experts.down", down, Set.of(LoraTarget.DOWN), experts, hidden, width));
    }
    return all;
  }

  private static void attention(List<Projection> all, DecoderConfig config, LayerLayout layout) {
    boolean fused = config.naming() == Naming.FUSED;
    Set<LoraTarget> three = EnumSet.of(LoraTarget.Q, LoraTarget.K, LoraTarget.V);
    if (fused) {
      var whole = layout.projections().get(0);
      all.add(new Projection("qkv", whole.name(), three, 0, whole.storedRows(), config.hidden()));
    }
    List<LoraTarget> targets = List.of(LoraTarget.Q, LoraTarget.K, LoraTarget.V, LoraTarget.O);
    for (int i = fused ? 3 : 0; i < 4; i++) {
      var part = layout.projections().get(i);
      LoraTarget target = targets.get(i);
      long[] shape = part.dimensions();
      all.add(
          new Projection(target.toString(), part.name(), Set.of(target), 0, shape[0], shape[1]));
    }
  }

  /** What of it is asked for: all of {@link #targets}, none, or a part. */
  boolean isIn(Set<LoraTarget> asked) {
    return asked.containsAll(targets);
  }

  boolean isPartlyIn(Set<LoraTarget> asked) {
    return !isIn(asked) && targets.stream().anyMatch(asked::contains);
  }
}
