package dev.cmoe.job;

import dev.cmoe.arch.MoeShape;
import dev.cmoe.finetune.TrainedKind;
import dev.cmoe.finetune.Trainer;
import dev.cmoe.finetune.TrainingHistory;
import dev.cmoe.finetune.TrainingSpec;
import dev.cmoe.nn.Decoder;
import dev.cmoe.report.CarvedModel;
import dev.cmoe.report.ExpertLoads;
import dev.cmoe.report.FinetunePerplexity;
import dev.cmoe.report.FinetuneReport;
import dev.cmoe.report.FinetuneSetup;
import dev.cmoe.report.ParameterCounts;
import dev.cmoe.report.RunCost;
import dev.cmoe.report.RunReport;
import dev.cmoe.report.RunSetting;
import dev.cmoe.report.TrainingCurve;
import dev.cmoe.report.TrainingExtent;
import dev.cmoe.report.TrainingTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a fine-tuning did, in the words of the report. */
final class FinetuneFigures {
  private final FinetuneJob.Plan plan;
  private final TrainingSpec spec;
  private final Trainer.Result trained;

  FinetuneFigures(FinetuneJob.Plan plan, TrainingSpec spec, Trainer.Result trained) {
    this.plan = plan;
    this.spec = spec;
    this.trained = trained;
  }

  /**
   * @param text names of the texts trained on
   * @param settings by their names on the command line
   * @param before what the input's directory reported, if it did
   * @param known what the manifest of the input knows
   */
  FinetuneSetup setup(
      String output,
      String text,
      Optional<String> teacher,
      Map<String, String> settings,
      Decoder student,
      Optional<RunReport> before,
      DerivedManifest known) {
    CarvedModel model =
        before
            .map(report -> report.figures().model())
            .orElseGet(() -> Figures.model(known.modelName(), student.config()));
    String preset =
        before
            .map(report -> report.figures().preset())
            .or(() -> known.setting("preset"))
            .orElse(null);
    return new FinetuneSetup(
        plan.model(),
        output,
        plan.experts(),
        preset,
        plan.format(),
        model,
        text,
        teacher.orElse(null),
        spec.seed(),
        student.weights().type().toString(),
        student.engine().threads(),
        settings.entrySet().stream()
            .map(setting -> new RunSetting(setting.getKey(), setting.getValue(), null))
            .toList());
  }

  /**
   * @param shape of the trained model
   * @param stored elements in its files
   */
  FinetuneReport report(
      FinetuneSetup setup,
      Decoder student,
      MoeShape shape,
      long stored,
      List<String> warnings,
      RunCost cost) {
    ParameterCounts parameters = Figures.parameters(student.config(), shape, stored);
    return new FinetuneReport(
        setup,
        extent(),
        perplexity(setup.text()),
        loads(),
        curve(),
        parameters,
        time(),
        warnings,
        cost,
        List.of(),
        null);
  }

  private TrainingExtent extent() {
    Map<String, Double> rates = new LinkedHashMap<>();
    Map<String, Long> values = new LinkedHashMap<>();
    for (TrainedKind kind : spec.kinds()) {
      values.put(kind.toString(), trained.trained().get(kind));
      if (kind != TrainedKind.BIAS) {
        rates.put(kind.toString(), spec.optimizer().rates().getOrDefault(kind, 0.));
      }
    }
    return new TrainingExtent(
        List.copyOf(values.keySet()),
        rates,
        plan.parameters(),
        values,
        plan.steps(),
        plan.tokens(),
        plan.window(),
        plan.trainingWindows(),
        plan.heldOutWindows());
  }

  private long heldOutTokens() {
    return (long) plan.heldOutWindows() * plan.window();
  }

  private FinetunePerplexity perplexity(String text) {
    List<TrainingHistory.Measure> measures = trained.history().measures();
    return measures.isEmpty()
        ? null
        : new FinetunePerplexity(
            measures.get(0).perplexity(),
            measures.get(measures.size() - 1).perplexity(),
            trained.teacher().isPresent() ? trained.teacher().getAsDouble() : null,
            heldOutTokens(),
            text,
            plan.window());
  }

  private ExpertLoads loads() {
    return plan.heldOutWindows() == 0
        ? null
        : ExpertLoads.of(heldOutTokens(), trained.loadBefore(), trained.loadAfter());
  }

  private TrainingCurve curve() {
    return new TrainingCurve(
        trained.history().steps().stream()
            .map(
                step ->
                    new TrainingCurve.Step(
                        step.step(),
                        step.loss(),
                        step.entropy(),
                        step.divergence(),
                        step.gradient(),
                        step.rate(),
                        step.skipped()))
            .toList(),
        trained.history().measures().stream()
            .map(
                measure ->
                    new TrainingCurve.Measure(
                        measure.step(), measure.perplexity(), measure.imbalance()))
            .toList());
  }

  private TrainingTime time() {
    return new TrainingTime(
        trained.seconds(),
        trained.seconds() > 0 ? plan.tokens() / trained.seconds() : null,
        trained.resumed().isPresent() ? trained.resumed().getAsLong() : null);
  }
}
