package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.Activation;
import dev.cmoe.engine.Engine;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.SharedEngine;
import dev.cmoe.engine.Tensor;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** Routers of four experts, whose scores are the values of z. */
@EnabledForJreRange(max = JRE.JAVA_18)
class RowRouterTest {
  private static final float NAN = Float.NaN;
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private final Engine engine = SharedEngine.get();
  private final Scope scope = engine.scope();

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void takesWhatIsPreferredInAscendingOrder() {
    assertThat(chosen(1, 7, 3, 5)).containsExactly(1, 3);
  }

  @Test
  void ofEqualOnesTakesTheLower() {
    assertThat(chosen(2, 5, 5, 5)).containsExactly(1, 2);
    assertThat(chosen(0, 0, 0, 0)).containsExactly(0, 1);
    assertThat(chosen(0f, -0f, -1, 0f)).containsExactly(0, 1);
  }

  /** As the kernel does for many rows, which it sorts. */
  @Test
  void takesWhatIsNotANumberFirst() {
    assertThat(chosen(9, 1, NAN, 8)).containsExactly(0, 2);
    assertThat(chosen(NAN, NAN, NAN, 8)).containsExactly(0, 1);
    assertThat(chosen(-INFINITY, -INFINITY, -INFINITY, -INFINITY)).containsExactly(0, 1);
  }

  @Test
  void anExpertIsNeverTakenTwice() {
    RowRouter all = linear(List.of(), 4, 3, NAN, -INFINITY, 3);
    all.choose(new float[4]);
    assertThat(experts(all)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void gatesAreOneWithoutAScale() {
    RowRouter router = linear(List.of(), 2, 0, 0, 0, 0);
    router.choose(new float[] {4, 1, 2, 3});
    assertThat(router.allGates()).containsExactly(1, 0, 0, 1);
  }

  @Test
  void gatesFollowScoresWithOne() {
    RowRouter router = linear(List.of(scope.of(new float[] {1, 2, 3, 4}, 4)), 2, 0, 0, 0, 0);
    router.choose(new float[] {0, 0, 0, (float) Math.log(3)});
    assertThat(experts(router)).containsExactly(0, 3);
    assertThat((double) router.gate(0)).isCloseTo(1 + 1 / 6.0, Offset.offset(1e-6));
    assertThat((double) router.gate(1)).isCloseTo(1 + 4 * 0.5, Offset.offset(1e-6));
  }

  @Test
  void sigmoidGatesShareTheirNumber() {
    Mixture.Routes routes =
        new Mixture.Routes(
            Mixture.Routes.Kind.SIGMOID,
            List.of(identity()),
            List.of(scope.of(new float[] {0, 10, 0, 0}, 4)),
            List.of(),
            2);
    RowRouter router = new RowRouter(routes, Activation.SILU);
    router.choose(new float[] {0, (float) -Math.log(3), -5, -5});
    assertThat(experts(router)).containsExactly(0, 1);
    assertThat((double) router.gate(0)).isCloseTo(4 / 3.0, Offset.offset(1e-5));
    assertThat((double) router.gate(1)).isCloseTo(2 / 3.0, Offset.offset(1e-5));
  }

  /** Two, by preferences alone: what is not finite would get into every score. */
  private int[] chosen(float... preferences) {
    RowRouter router = linear(List.of(), 2, preferences);
    router.choose(new float[4]);
    return experts(router);
  }

  private static int[] experts(RowRouter router) {
    int[] experts = new int[router.active()];
    for (int i = 0; i < experts.length; i++) {
      experts[i] = router.chosen(i);
    }
    return experts;
  }

  private RowRouter linear(List<Tensor> scale, int active, float... selection) {
    Tensor bias = scope.zeros(4);
    Mixture.Routes routes =
        new Mixture.Routes(
            Mixture.Routes.Kind.LINEAR,
            List.of(identity(), bias),
            List.of(scope.of(selection, 4)),
            scale,
            active);
    return new RowRouter(routes, Activation.SILU);
  }

  private Tensor identity() {
    return scope.of(new float[] {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}, 4, 4);
  }
}
