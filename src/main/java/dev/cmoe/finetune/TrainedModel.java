package dev.cmoe.finetune;

import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import java.util.ArrayList;
import java.util.List;

/**
 * A model in training: frozen weights in their files, parameters and selection biases in memory.
 */
final class TrainedModel implements AutoCloseable {
  private final Decoder decoder;
  private final LoraSpec lora;
  private final Parameters parameters;
  private final LoadBalance balance;

  private TrainedModel(Decoder decoder, LoraSpec lora, Parameters parameters, LoadBalance balance) {
    this.decoder = decoder;
    this.lora = lora;
    this.parameters = parameters;
    this.balance = balance;
  }

  /** {@code decoder}, which stays the caller's, as it is before training. */
  static TrainedModel begin(Decoder decoder, TrainingSpec spec) {
    ModelDescription model =
        new ModelDescription(decoder.config(), decoder.moe(), decoder.layout());
    List<Parameter> plan = ParameterPlan.of(model, spec.kinds(), spec.lora());
    return new TrainedModel(
        decoder,
        spec.lora(),
        Parameters.begin(decoder, plan, spec.seed()),
        new LoadBalance(selectionBiases(decoder)));
  }

  private static List<float[]> selectionBiases(Decoder decoder) {
    int experts = decoder.moe().map(MoeShape::experts).orElse(0);
    List<float[]> biases = new ArrayList<>();
    for (int i = 0; i < decoder.config().layers(); i++) {
      if (experts == 0) {
        biases.add(new float[0]);
        continue;
      }
      String name = OwnLayout.router(new LayerNames(i), "selection_bias");
      try (Scope scratch = decoder.engine().scope()) {
        biases.add(decoder.weights().loadFloat(scratch, name, experts).toFloats());
      }
    }
    return biases;
  }

  Decoder decoder() {
    return decoder;
  }

  LoraSpec lora() {
    return lora;
  }

  Parameters parameters() {
    return parameters;
  }

  LoadBalance balance() {
    return balance;
  }

  int layers() {
    return decoder.config().layers();
  }

  /** Layer {@code index} with its frozen weights in {@code scope}. */
  TrainedLayer layer(Scope scope, int index) {
    return new TrainedLayer(
        decoder, index, lora, parameters.values(index), balance.bias(index), scope);
  }

  Tensor embed(Scope into, List<int[]> windows) {
    return decoder.embed(into, windows.toArray(int[][]::new));
  }

  @Override
  public void close() {
    parameters.close();
  }
}
