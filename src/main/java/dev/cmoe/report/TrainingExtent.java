package dev.cmoe.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much was trained, on how much.
 *
 * @param trained kinds, such as {@code lora}
 * @param learningRates of the kinds that have gradients, before the schedule
 * @param parameters values that have gradients
 * @param trainedParameters values by kind; those of {@code bias} are moved by a rule and have no
 *     gradients
 * @param steps updates of the run
 * @param tokens of all steps
 * @param window tokens in one window
 * @param trainingWindows distinct windows trained on
 * @param heldOutWindows windows that were measured on and not trained on
 */
public record TrainingExtent(
    List<String> trained,
    Map<String, Double> learningRates,
    long parameters,
    Map<String, Long> trainedParameters,
    long steps,
    long tokens,
    int window,
    int trainingWindows,
    int heldOutWindows) {
  public TrainingExtent {
    trained = trained == null ? List.of() : List.copyOf(trained);
    learningRates = inOrder(learningRates);
    trainedParameters = inOrder(trainedParameters);
  }

  private static <T> Map<String, T> inOrder(Map<String, T> values) {
    return values == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }
}
