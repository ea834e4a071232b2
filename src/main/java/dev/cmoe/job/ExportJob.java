package dev.cmoe.job;

import dev.cmoe.carve.PlanWriter;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.Manifest;
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
import dev.cmoe.report.CarveReport;
import dev.cmoe.report.HtmlReport;
import dev.cmoe.report.JsonReport;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import dev.cmoe.run.Versions;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

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

  /** Plan, recipe and report of the carve, and a card and a manifest of this output. */
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
    if (Files.exists(from.resolve("report.json"))) {
      CarveReport report =
          CarveReport.read(from.resolve("report.json"))
              .exported(output.toString(), format.id().id(), written.elements(), warnings);
      JsonReport.write(report, directory.resolve("report.json"));
      HtmlReport.write(report, directory.resolve("report.html"));
      OutputFiles.card(output, report, ModelCard.licenseOf(from), format.remoteCode())
          .write(directory);
    }
    manifest(carved, format, written, directory);
  }

  private static void manifest(
      Checkpoint model, ExportFormat format, Written written, Path directory) {
    Path from = model.directory();
    Optional<Manifest> carved =
        Files.exists(from.resolve(Manifest.FILE))
            ? Optional.of(Manifest.read(from))
            : Optional.empty();
    List<String> settings = new ArrayList<>(carved.map(Manifest::settings).orElse(List.of()));
    settings.removeIf(setting -> setting.startsWith("output.format="));
    settings.add("output.format=" + format.id().id());
    SortedMap<String, Manifest.OutputFile> files = Manifest.files(directory, written.digests());
    OutputFiles.REPORTS.forEach(files::remove);
    Map<String, Object> timings = new TreeMap<>();
    timings.put("finished", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    Versions versions = Versions.current();
    Manifest.of(
            versions.cmoe(),
            OutputFiles.libraries(versions),
            settings,
            carved.map(Manifest::seed).orElse(0L),
            carved
                .map(Manifest::input)
                .orElseGet(
                    () ->
                        Manifest.Input.of(
                            String.valueOf(from.toAbsolutePath().normalize().getFileName()),
                            model)),
            files,
            timings)
        .write(directory);
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
