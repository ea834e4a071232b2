package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Perplexity of the bundled model, carved with the defaults. The expected figures of dense, paper,
 * static and static-fitted are those of an independent implementation; those of fitted are what
 * this one reached, with a margin for other machines, and lie below what the other one reached.
 */
class QualityIT {
  private static final double DENSE = 50.584;

  @TempDir Path dir;

  private JsonNode perplexity(String line) {
    return Run.ok(Run.words("carve demo -q --json --overwrite " + line, dir.resolve("out")))
        .json()
        .path("perplexity");
  }

  private static double value(JsonNode perplexity, String key) {
    assertThat(perplexity.path(key).isNumber()).as(key).isTrue();
    return perplexity.path(key).asDouble();
  }

  @ParameterizedTest
  @CsvSource({
    "S3A3E8, 51.375, 51.5, 51.081, 54.227",
    "S2A2E8, 55.145, 54.4, 59.176, 90.622",
    "S1A1E8, 71.953, 71.0, 107.216, 347.056"
  })
  void fittedBeatsWhatHasNoRouter(
      String experts, double golden, double reached, double staticFitted, double plainStatic) {
    JsonNode perplexity = perplexity("--experts " + experts);
    assertThat(value(perplexity, "dense")).isCloseTo(DENSE, withinPercentage(0.5));
    assertThat(perplexity.path("tokens").asInt()).isEqualTo(37888);
    assertThat(value(perplexity, "static")).isCloseTo(plainStatic, withinPercentage(2));
    assertThat(value(perplexity, "staticFitted")).isCloseTo(staticFitted, withinPercentage(2));
    assertThat(value(perplexity, "carved"))
        .isLessThan(reached)
        .isLessThanOrEqualTo(golden)
        .isLessThan(value(perplexity, "staticFitted"))
        .isGreaterThan(value(perplexity, "dense"));
    assertThat(value(perplexity, "random")).isGreaterThan(value(perplexity, "static"));
  }

  @ParameterizedTest
  @CsvSource({"S3A3E8, 70.335, 5", "S2A2E8, 158.909, 15", "S1A1E8, 677.679, 15"})
  void paperIsAsPublished(String experts, double golden, double percent) {
    JsonNode perplexity = perplexity("--no-controls --preset paper --experts " + experts);
    assertThat(value(perplexity, "carved")).isCloseTo(golden, withinPercentage(percent));
  }

  /** 1.5 calibration tokens for each feed-forward neuron. */
  @ParameterizedTest
  @CsvSource({"S3A3E8", "S2A2E8", "S1A1E8"})
  void fewTokensAreEnoughForFitted(String experts) {
    String few =
        "--samples 3 --window 512 --no-controls --set evaluation.maxWindows=10 --experts "
            + experts
            + " --preset ";
    double fitted = value(perplexity(few + "fitted"), "carved");
    assertThat(fitted)
        .isLessThan(value(perplexity(few + "paper"), "carved"))
        .isLessThan(value(perplexity(few + "static"), "carved"));
  }
}
