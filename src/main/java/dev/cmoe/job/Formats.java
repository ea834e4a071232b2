package dev.cmoe.job;

import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.NativeOrigin;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.export.CmoeFormat;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.export.GgufFormat;
import dev.cmoe.export.Glm4MoeFormat;
import dev.cmoe.export.GraniteMoeSharedFormat;
import dev.cmoe.export.MixtralFormat;
import dev.cmoe.export.ModelOutline;
import dev.cmoe.export.Qwen2MoeFormat;
import dev.cmoe.export.SafetensorsFormat;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The formats that a carved model can be written in, and the choice among them. */
final class Formats {
  static final List<ExportFormat> ALL =
      List.of(
          new CmoeFormat(),
          new Glm4MoeFormat(),
          new GraniteMoeSharedFormat(),
          new MixtralFormat(),
          new Qwen2MoeFormat(),
          new GgufFormat());

  /** Formats that {@code AUTO} looks at, the one to prefer first. */
  private static final List<OutputFormat> NATIVE =
      List.of(OutputFormat.GLM4_MOE, OutputFormat.GRANITEMOESHARED, OutputFormat.QWEN2_MOE);

  /**
   * @param note why it was chosen, where nobody asked for it
   */
  record Choice(ExportFormat format, Optional<String> note) {}

  private Formats() {}

  /**
   * The format to write {@code model} in.
   *
   * @param asked {@code AUTO} to take the first that fits
   * @param where what a refusal is about
   * @param worthIt whether the model is more than a control, so that {@code AUTO} looks for a
   *     native format
   * @throws CmoeException of kind UNSUPPORTED when the format asked for cannot hold the model, with
   *     the reason and the formats that can
   */
  static Choice choose(OutputFormat asked, ModelOutline model, String where, boolean worthIt) {
    if (asked == OutputFormat.AUTO) {
      return automatic(model, worthIt);
    }
    ExportFormat format = named(asked);
    format
        .refusal(model)
        .ifPresent(
            reason -> {
              throw CmoeException.unsupported(
                  "%s: format %s cannot hold this model: %s; possible: %s"
                      .formatted(where, asked.id(), reason, fitting(model)));
            });
    return new Choice(format, Optional.empty());
  }

  /**
   * The first of {@link #NATIVE} that fits. Mixtral and GGUF are not among them: the one copies
   * weights, the other is for one runtime only.
   */
  private static Choice automatic(ModelOutline model, boolean worthIt) {
    List<String> reasons = new ArrayList<>();
    for (OutputFormat id : NATIVE) {
      Optional<String> reason =
          named(id)
              .refusal(model)
              .or(() -> worthIt ? Optional.empty() : Optional.of("this preset is a control"));
      if (reason.isEmpty()) {
        return new Choice(
            named(id),
            Optional.of(
                "format "
                    + id.id()
                    + ": runtimes load it without code of ours"
                    + reasons.stream().map(why -> "; not " + why).collect(Collectors.joining())
                    + "; --format chooses another"));
      }
      reasons.add(id.id() + ", because " + reason.get());
      if (!worthIt) {
        break;
      }
    }
    return new Choice(
        named(OutputFormat.CMOE),
        Optional.of(
            "format cmoe, which needs trust_remote_code; not " + String.join("; not ", reasons)));
  }

  static ExportFormat named(OutputFormat id) {
    return ALL.stream().filter(format -> format.id() == id).findFirst().orElseThrow();
  }

  /** The format of a carved directory. */
  static SafetensorsFormat of(Checkpoint directory) {
    return of(config(directory));
  }

  /** The format of a carved directory: by its {@code model_type}. */
  static SafetensorsFormat of(ConfigReader config) {
    String type = config.text("model_type", "");
    return ALL.stream()
        .filter(SafetensorsFormat.class::isInstance)
        .map(SafetensorsFormat.class::cast)
        .filter(format -> format.id().id().equals(type))
        .findFirst()
        .orElseThrow(() -> config.unsupported("model_type '" + type + "' is no format of ours"));
  }

  /**
   * A carved directory as the model in the own format that it holds, whatever format it is in; a
   * dense directory as it is.
   *
   * @throws CmoeException of kind UNSUPPORTED for a native configuration that was changed since
   */
  static TensorStore original(Checkpoint directory) {
    ConfigReader config = config(directory);
    return NativeOrigin.present(config) ? of(config).original(directory) : directory;
  }

  /**
   * Checks that a native directory is as cmoe wrote it, byte for byte, which takes reading it; for
   * any other there is nothing to check.
   *
   * @param original what {@link #original(Checkpoint)} said of it
   * @throws CmoeException of kind UNSUPPORTED
   */
  static void requireWritten(TensorStore original, Checkpoint directory, RunListener listener) {
    if (original == directory) {
      return;
    }
    SafetensorsFormat format = of(directory);
    try (Stage stage =
        Stage.start(listener, "reading " + format.id().id(), "bytes", directory.weightBytes())) {
      format.requireWritten(original, directory, stage);
    }
  }

  private static ConfigReader config(Checkpoint directory) {
    return new ConfigReader(directory.directory().resolve("config.json"), directory.config());
  }

  private static String fitting(ModelOutline model) {
    return ALL.stream()
        .filter(format -> format.refusal(model).isEmpty())
        .map(format -> format.id().id())
        .collect(Collectors.joining(", "));
  }
}
