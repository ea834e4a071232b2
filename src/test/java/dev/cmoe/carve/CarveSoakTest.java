package dev.cmoe.carve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.calibration.TokenWindows;
import dev.cmoe.nn.AnonymousMemory;
import dev.cmoe.nn.Decoder;
import dev.cmoe.nn.TinyModel;
import dev.cmoe.recipe.CarveRecipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a layer needs while it is carved is gone with the layer. */
class CarveSoakTest {
  private static final int LAYERS = 6;

  /** A layer makes 10 MB and more; if its scope leaked, three times six would make 180. */
  private static final long LIMIT_MIB = 90;

  @TempDir Path dir;

  @Test
  void memoryStaysFlatFromLayerToLayer() throws IOException {
    new TinyModel().neurons(256).layers(LAYERS).write(dir);
    CarveRecipe recipe =
        Recipes.of("fitted", "experts=S2A2E8", "grouping.iterations=1", "router.steps=2");
    TokenWindows calibration = new TokenWindows(512, TinyModel.windows(16, 512));
    try (Decoder decoder = TinyModel.open(dir)) {
      long growth = AnonymousMemory.growth(LIMIT_MIB, () -> least(decoder, recipe, calibration));

      assertThat(growth).isLessThan(LIMIT_MIB);
    }
  }

  /** The least memory after each of three carves, MiB. */
  private static long least(Decoder decoder, CarveRecipe recipe, TokenWindows calibration)
      throws IOException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      Recipes.carve(decoder, recipe, calibration, Optional.empty());
      least = Math.min(least, AnonymousMemory.mebibytes());
    }
    return least;
  }
}
