package dev.cmoe.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.arch.ModelDescription;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.engine.ComputeType;
import dev.cmoe.engine.Matrix;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import dev.cmoe.safetensors.DType;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class TrainedLayerTest {
  private static final LoraSpec LORA = new LoraSpec(2, 4, 0, EnumSet.allOf(LoraTarget.class));

  @TempDir Path dir;

  static List<String> families() {
    return TinyCarved.families();
  }

  private static Parameters parameters(Decoder decoder, Set<TrainedKind> kinds, LoraSpec lora) {
    return Parameters.begin(decoder, ParameterPlan.of(description(decoder), kinds, lora), 1);
  }

  private static ModelDescription description(Decoder decoder) {
    return new ModelDescription(decoder.config(), decoder.moe(), decoder.layout());
  }

  private static TrainedLayer layer(
      Decoder decoder, Parameters parameters, int index, Scope scope) {
    return new TrainedLayer(
        decoder, index, LORA, parameters.values(index), selection(decoder, index), scope);
  }

  private static float[] selection(Decoder decoder, int index) {
    try (Scope scope = decoder.engine().scope()) {
      return decoder
          .weights()
          .loadFloat(
              scope,
              "model.layers." + index + ".mlp.router.selection_bias",
              decoder.moe().orElseThrow().experts())
          .toFloats();
    }
  }

  /**
   * Before training the layer is inference's, and its gradients have the shapes of what they are
   * of.
   */
  @ParameterizedTest
  @MethodSource("families")
  void beginsAsTheLayerOfInference(String family) {
    new TinyCarved().write(dir, family);
    isThatOfInference(EnumSet.allOf(TrainedKind.class), 1e-5);
  }

  @ParameterizedTest
  @EnumSource(
      value = RouterKind.class,
      names = {"LINEAR", "CMOE"})
  void keepsScalesThatAreThere(RouterKind router) {
    new TinyCarved().router(router).scaled().stored(DType.BF16).sharing(0).write(dir, "llama");
    isThatOfInference(EnumSet.of(TrainedKind.LORA, TrainedKind.GATES), 1e-5);
    isThatOfInference(EnumSet.of(TrainedKind.LORA), 1e-5);
  }

  /** To a share {@code within} of the largest value. */
  private void isThatOfInference(Set<TrainedKind> kinds, double within) {
    try (Decoder decoder = TinyCarved.open(dir);
        Parameters parameters = parameters(decoder, kinds, LORA);
        Scope scope = decoder.engine().scope()) {
      Tensor x = decoder.embed(scope, TinyCarved.windows(2, 12).toArray(int[][]::new));
      long[] shape = x.shape();
      for (int i = 0; i < decoder.config().layers(); i++) {
        TrainedLayer layer = layer(decoder, parameters, i, scope);
        Matrix expected = Matrix.of(decoder.layer(scope, i).forward(scope, x));
        TrainedLayer.Output output = layer.forward(scope, x);
        TrainedLayer.Gradients gradients = layer.backward(scope, x, output.y(), 0);

        double largest = expected.distance(expected.scaled(0));
        assertThat(Matrix.of(output.y()).distance(expected)).isLessThan(within * largest);
        assertThat(output.chosen()).hasSize(6);
        assertThat(java.util.stream.LongStream.of(output.chosen()).sum()).isEqualTo(2 * 24);
        assertThat(gradients.input().isPresent()).isEqualTo(i > 0);
        gradients.input().ifPresent(each -> assertThat(each.shape()).isEqualTo(shape));
        int next = 0;
        for (Tensor value : parameters.values(i).values()) {
          assertThat(gradients.trained().get(next++).shape()).isEqualTo(value.shape());
        }
        assertThat(gradients.trained()).hasSize(next);
        x = output.y();
      }
    }
  }

  @Test
  void staysNearInBfloat16() {
    new TinyCarved().stored(DType.BF16).write(dir, "llama");
    Matrix[] outputs = new Matrix[2];
    Matrix[] slopes = new Matrix[2];
    for (ComputeType type : ComputeType.values()) {
      try (Decoder decoder = Decoder.open(GradientEngine.get(), dir, type);
          Parameters parameters = parameters(decoder, EnumSet.allOf(TrainedKind.class), LORA);
          Scope scope = decoder.engine().scope()) {
        Tensor x = decoder.embed(scope, TinyCarved.windows(2, 12).toArray(int[][]::new));
        TrainedLayer layer = layer(decoder, parameters, 1, scope);
        Tensor y = layer.forward(scope, x).y();
        outputs[type.ordinal()] = Matrix.of(y);
        slopes[type.ordinal()] = Matrix.of(layer.backward(scope, x, x, 0).input().orElseThrow());
      }
    }
    near(outputs[1], outputs[0]);
    near(slopes[1], slopes[0]);
  }

  private static void near(Matrix actual, Matrix expected) {
    assertThat(actual.minus(expected).sumOfSquares() / expected.sumOfSquares())
        .isPositive()
        .isLessThan(1e-3);
  }

  @Test
  void refusesWhatAModelCannotTrain() {
    Set<TrainedKind> lora = Set.of(TrainedKind.LORA);
    new TinyCarved().router(RouterKind.CMOE).write(dir.resolve("cmoe"), "llama");
    new TinyCarved().router(RouterKind.NONE).write(dir.resolve("static"), "llama");
    new TinyCarved().write(dir.resolve("fused"), "phi3");

    refused("cmoe", Set.of(TrainedKind.ROUTER), LORA, "only linear routers are trained");
    refused("static", Set.of(TrainedKind.GATES), LORA, "--train gates: the model routes nothing");
    refused("fused", lora, only(LoraTarget.Q), "stores [k, q, v] in one tensor");
    refused("cmoe", lora, only(LoraTarget.UP), "stores [gate, up] in one tensor");
  }

  private static LoraSpec only(LoraTarget target) {
    return new LoraSpec(2, 4, 0, Set.of(target));
  }

  private void refused(String model, Set<TrainedKind> kinds, LoraSpec lora, String message) {
    try (Decoder decoder = TinyCarved.open(dir.resolve(model))) {
      assertThatThrownBy(() -> ParameterPlan.of(description(decoder), kinds, lora))
          .isInstanceOfSatisfying(
              CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.USAGE))
          .hasMessageContaining(message);
    }
  }
}
