package dev.cmoe.job;

import dev.cmoe.carve.PlanWriter;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.ModelCard;
import dev.cmoe.checkpoint.ModelLocation;
import dev.cmoe.checkpoint.OwnModel;
import dev.cmoe.checkpoint.StagedOutput;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.export.CarvedSource;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.export.NativeTensors;
import dev.cmoe.export.Written;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.report.RunReport;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code cmoe export}: a carved model, written in another format. */
public final class ExportJob {
  /** Room for everything that is no weight. */
  private static final long SMALL_FILES = 16L << 20;

  private ExportJob() {}

  /**
   * @param weightBytes of tensors, written or to be written
   * @param elements in the weight files; empty for a dry run
   * @param warnings what the format costs or does to the model
   */
  public record Result(
      String input,
      Optional<Path> output,
      String format,
      String experts,
      long weightBytes,
      Optional<Long> elements,
      List<String> warnings,
      double seconds) {}

  /**
   * @param output a dry run may go without
   * @param dryRun write nothing and only say what would be written
   * @param asked {@code AUTO} for the first native format that fits, or else the own
   */
  public static Result run(
      String model,
      Optional<Path> output,
      OutputFormat asked,
      long shardBytes,
      boolean dryRun,
      boolean overwrite,
      RunListener listener) {
    long start = System.nanoTime();
    Path directory = ModelLocation.resolve(model);
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      TensorStore original = Formats.original(checkpoint);
      CarvedSource source = new CarvedSource(original);
      Formats.Choice choice = Formats.choose(asked, source.outline(), directory.toString(), true);
      ExportFormat format = choice.format();
      List<String> warnings = format.warnings(source.outline());
      checkpoint.notes().forEach(listener::note);
      choice.note().ifPresent(listener::note);
      warnings.forEach(listener::warn);
      long bytes = format.bytes(source);
      Optional<Long> elements = Optional.empty();
      if (dryRun) {
        output.ifPresent(
            place -> StagedOutput.check(place, overwrite, directory, bytes + SMALL_FILES));
        Formats.requireWritten(original, checkpoint, listener);
      } else {
        try (StagedOutput staged =
            StagedOutput.create(output.orElseThrow(), overwrite, directory, bytes + SMALL_FILES)) {
          Formats.requireWritten(original, checkpoint, listener);
          Written written;
          try (Stage stage = Stage.start(listener, "writing " + format.id().id(), "bytes", bytes)) {
            written = format.write(source, staged.directory(), shardBytes, stage);
          }
          checkTensors(format, staged.directory());
          finish(checkpoint, format, written, warnings, output.get(), staged.directory());
          staged.commit();
          elements = Optional.of(written.elements());
        }
      }
      return new Result(
          model,
          dryRun ? Optional.empty() : output,
          format.id().id(),
          source.shape().toString(),
          bytes,
          elements,
          warnings,
          (System.nanoTime() - start) / 1e9);
    }
  }

  /** The cheap part of {@code cmoe verify}. */
  static void checkTensors(ExportFormat format, Path directory) {
    switch (format.id()) {
      case CMOE -> {
        try (Checkpoint written = Checkpoint.open(directory)) {
          new OwnModel(written);
        }
      }
      case GGUF -> {
        // The writer looks at what it wrote.
      }
      default -> {
        try (Checkpoint written = Checkpoint.open(directory)) {
          NativeTensors.check(written);
        }
      }
    }
  }

  /** Plan, recipe and report of the input, and a card and a manifest of this output. */
  private static void finish(
      Checkpoint carved,
      ExportFormat format,
      Written written,
      List<String> warnings,
      Path output,
      Path directory) {
    Path from = carved.directory();
    takeOver(from.resolve(PlanWriter.FOLDER), directory.resolve(PlanWriter.FOLDER));
    takeOver(from.resolve(OutputFiles.RECIPE), directory.resolve(OutputFiles.RECIPE));
    if (Files.exists(from.resolve(OutputFiles.REPORT))) {
      RunReport report =
          RunReport.read(from.resolve(OutputFiles.REPORT))
              .exported(output.toString(), format.id().id(), written.elements(), warnings);
      OutputFiles.report(report, directory);
      OutputFiles.card(output, report, ModelCard.licenseOf(from), format.remoteCode())
          .write(directory);
    }
    DerivedManifest.of(carved).write(format, written, directory);
  }

  /** A file, or a folder with its files. */
  private static void takeOver(Path from, Path to) {
    try {
      if (Files.isRegularFile(from)) {
        Files.copy(from, to);
      } else if (Files.isDirectory(from)) {
        Files.createDirectory(to);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(from, Files::isRegularFile)) {
          for (Path file : files) {
            Files.copy(file, to.resolve(file.getFileName()));
          }
        }
      }
    } catch (IOException e) {
      throw CmoeException.resources(to + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }
}
