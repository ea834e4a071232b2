package dev.cmoe.carve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.recipe.ExpertSpec;
import org.junit.jupiter.api.Test;

class ExpertLayoutTest {
  private static final ExpertLayout EVEN = new ExpertLayout(ExpertSpec.parse("S3A2E8"), 40);
  private static final ExpertLayout PADDED = new ExpertLayout(ExpertSpec.parse("S3A2E8"), 35);

  @Test
  void dividesNeurons() {
    assertThat(EVEN.expertWidth()).isEqualTo(5);
    assertThat(EVEN.width()).isEqualTo(40);
    assertThat(EVEN.sharedWidth()).isEqualTo(15);
    assertThat(EVEN.experts()).isEqualTo(5);
    assertThat(EVEN.budget()).isEqualTo(25);
  }

  @Test
  void padsWhatDoesNotDivide() {
    assertThat(PADDED.expertWidth()).isEqualTo(5);
    assertThat(PADDED.width()).isEqualTo(40);
  }

  @Test
  void shapesRoutedModels() {
    for (RouterKind kind : new RouterKind[] {RouterKind.LINEAR, RouterKind.CMOE}) {
      assertThat(PADDED.shape(kind)).isEqualTo(new MoeShape(3, 2, 8, 5, 5, 15, kind, false));
    }
  }

  @Test
  void sharesTheWholeBudgetWithoutARouter() {
    MoeShape shape = PADDED.shape(RouterKind.NONE);

    assertThat(shape).isEqualTo(new MoeShape(5, 0, 8, 0, 5, 25, RouterKind.NONE, false));
    assertThat(shape.activeNeurons()).isEqualTo(PADDED.budget());
    assertThat(shape.storedNeurons()).isEqualTo(PADDED.budget());
  }
}
