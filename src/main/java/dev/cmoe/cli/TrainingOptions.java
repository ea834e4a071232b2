package dev.cmoe.cli;

import dev.cmoe.finetune.Distillation;
import dev.cmoe.finetune.LoraSpec;
import dev.cmoe.finetune.LoraTarget;
import dev.cmoe.finetune.OptimizerSpec;
import dev.cmoe.finetune.Schedule;
import dev.cmoe.finetune.TrainedKind;
import dev.cmoe.run.CmoeException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** What is trained, and how. Defaults are the CMoE paper's where it names a value. */
final class TrainingOptions {
  @Option(
      names = "--train",
      split = ",",
      paramLabel = "KIND",
      description =
          "lora, gates, router, bias (default: lora, bias and router for linear routers, gates for"
              + " those of the preset paper).")
  private List<String> train;

  @Option(
      names = "--lora-rank",
      paramLabel = "R",
      description = "Rank of the low-rank additions (default: ${DEFAULT-VALUE}).")
  private int rank = 8;

  @Option(
      names = "--lora-alpha",
      paramLabel = "X",
      description = "Additions count X / R times (default: ${DEFAULT-VALUE}).")
  private double alpha = 32;

  @Option(
      names = "--lora-dropout",
      paramLabel = "P",
      description = "Share of inputs left out in training (default: ${DEFAULT-VALUE}).")
  private double dropout;

  @Option(
      names = "--lora-targets",
      split = ",",
      paramLabel = "NAME",
      description = "q, k, v, o, gate, up, down (default: all).")
  private List<String> targets;

  @Option(
      names = "--lr-lora",
      paramLabel = "RATE",
      description = "Learning rate of additions (default: ${DEFAULT-VALUE}).")
  private double loraRate = 5.95e-5;

  @Option(
      names = "--lr-gates",
      paramLabel = "RATE",
      description = "Learning rate of gate scales (default: ${DEFAULT-VALUE}).")
  private double gatesRate = 1e-3;

  @Option(
      names = "--lr-router",
      paramLabel = "RATE",
      description = "Learning rate of linear routers (default: ${DEFAULT-VALUE}).")
  private double routerRate = 1e-4;

  @Option(
      names = "--balance-rate",
      paramLabel = "RATE",
      description = "What a selection bias moves by after a step (default: ${DEFAULT-VALUE}).")
  private double balance = 1e-3;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = "Of learning rates: constant or cosine (default: ${DEFAULT-VALUE}).")
  private String schedule = "constant";

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      description = "Steps over which rates rise (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  @Option(
      names = "--clip",
      paramLabel = "X",
      description = "Longest gradient, all values together; 0 for any (default: ${DEFAULT-VALUE}).")
  private double clip;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "Decoupled weight decay (default: ${DEFAULT-VALUE}).")
  private double decay;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "With --teacher: softens both distributions (default: ${DEFAULT-VALUE}).")
  private double temperature = 1;

  @Option(
      names = "--mix",
      paramLabel = "X",
      description =
          "With --teacher: weight of the divergence from it, 0 to 1; the rest is next-token loss"
              + " (default: ${DEFAULT-VALUE}).")
  private double mix = 0.5;

  Optional<Set<TrainedKind>> kinds() {
    return Optional.ofNullable(train)
        .map(
            names ->
                names.stream()
                    .map(name -> choice("--train", name, TrainedKind.values()))
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(TrainedKind.class))));
  }

  LoraSpec lora() {
    above("--lora-rank", rank, 0);
    above("--lora-alpha", alpha, 0);
    within("--lora-dropout", dropout, 0.99);
    Set<LoraTarget> chosen = EnumSet.allOf(LoraTarget.class);
    if (targets != null) {
      chosen.clear();
      targets.forEach(name -> chosen.add(choice("--lora-targets", name, LoraTarget.values())));
    }
    return new LoraSpec(rank, alpha, dropout, chosen);
  }

  OptimizerSpec optimizer() {
    notBelow("--lr-lora", loraRate);
    notBelow("--lr-gates", gatesRate);
    notBelow("--lr-router", routerRate);
    notBelow("--warm-up", warmUp);
    notBelow("--clip", clip);
    notBelow("--weight-decay", decay);
    return new OptimizerSpec(
        Map.of(
            TrainedKind.LORA,
            loraRate,
            TrainedKind.GATES,
            gatesRate,
            TrainedKind.ROUTER,
            routerRate),
        0.9,
        0.95,
        1e-8,
        decay,
        clip,
        new Schedule(choice("--schedule", schedule, Schedule.Kind.values()), warmUp));
  }

  double balance() {
    notBelow("--balance-rate", balance);
    return balance;
  }

  Distillation distillation() {
    above("--temperature", temperature, 0);
    within("--mix", mix, 1);
    return new Distillation(temperature, mix);
  }

  private static <T> T choice(String option, String name, T[] all) {
    return Arrays.stream(all)
        .filter(each -> each.toString().equals(name.strip()))
        .findFirst()
        .orElseThrow(
            () ->
                CmoeException.usage(
                    option
                        + " '"
                        + name
                        + "'; known: "
                        + Arrays.stream(all)
                            .map(Object::toString)
                            .collect(Collectors.joining(", "))));
  }

  static void above(String option, double value, double bound) {
    finite(option, value);
    if (value <= bound) {
      throw CmoeException.usage(
          option + " is " + number(value) + "; it must be above " + number(bound));
    }
  }

  static void notBelow(String option, double value) {
    finite(option, value);
    if (value < 0) {
      throw CmoeException.usage(option + " is " + number(value) + "; it must not be below 0");
    }
  }

  private static void within(String option, double value, double most) {
    finite(option, value);
    if (value < 0 || value > most) {
      throw CmoeException.usage(
          option + " is " + number(value) + "; it must lie in 0 to " + number(most));
    }
  }

  private static void finite(String option, double value) {
    if (!Double.isFinite(value)) {
      throw CmoeException.usage(option + " is " + value + "; it must be a finite number");
    }
  }

  /** 0 rather than 0.0, as it was typed. */
  private static String number(double value) {
    return Double.toString(value).replaceFirst("\\.0$", "");
  }
}
