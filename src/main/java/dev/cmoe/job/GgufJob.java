package dev.cmoe.job;

import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.checkpoint.OwnModel;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.gguf.GgufExport;
import dev.cmoe.gguf.GgufOptions;
import dev.cmoe.gguf.GgufType;
import dev.cmoe.run.RunListener;
import java.nio.file.Path;
import java.util.Optional;

/** {@code cmoe export --format gguf}: a carved model in the own format as one GGUF file. */
public final class GgufJob {
  private GgufJob() {}

  /**
   * A file that would be written.
   *
   * @param architecture the value of {@code general.architecture}
   * @param type of the matrices
   * @param bytes of the file
   */
  public record Plan(String model, String architecture, GgufType type, long bytes) {}

  /**
   * What would be written; fails as {@link #run} would.
   *
   * @param output empty to leave the place out
   */
  public static Plan plan(
      String model, Optional<Path> output, GgufOptions options, boolean overwrite) {
    try (Checkpoint carved = Checkpoint.open(ModelLocation.resolve(model))) {
      GgufExport export = GgufExport.of(original(carved, RunListener.SILENT), options);
      output.ifPresent(place -> export.checkPlace(place, overwrite));
      return new Plan(model, export.architecture(), export.type(), export.bytes());
    }
  }

  /** Writes {@code output}. */
  public static GgufExport.Result run(
      String model, Path output, GgufOptions options, boolean overwrite, RunListener listener) {
    try (Checkpoint carved = Checkpoint.open(ModelLocation.resolve(model))) {
      return GgufExport.of(original(carved, listener), options).write(output, overwrite, listener);
    }
  }

  private static OwnModel original(Checkpoint carved, RunListener listener) {
    TensorStore original = Formats.original(carved);
    OwnModel model = new OwnModel(original);
    Formats.requireWritten(original, carved, listener);
    return model;
  }
}
