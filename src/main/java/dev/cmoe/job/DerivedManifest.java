package dev.cmoe.job;

import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.Manifest;
import dev.cmoe.export.ExportFormat;
import dev.cmoe.export.Written;
import dev.cmoe.report.RunCost;
import dev.cmoe.report.StageCost;
import dev.cmoe.run.Versions;
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

/**
 * The manifest of an output that was made from a carved directory: input and settings of the carve
 * stay, and what followed is added.
 */
final class DerivedManifest {
  private static final String FORMAT = "output.format=";

  private final Manifest.Input input;
  private final List<String> settings;
  private long seed;
  private final SortedMap<String, Object> timings = new TreeMap<>();

  private DerivedManifest(Checkpoint model) {
    Path from = model.directory();
    Optional<Manifest> carved = read(from);
    this.input =
        carved.map(Manifest::input).orElseGet(() -> Manifest.Input.of(nameOf(from), model));
    this.settings = new ArrayList<>(carved.map(Manifest::settings).orElse(List.of()));
    this.seed = carved.map(Manifest::seed).orElse(0L);
  }

  static DerivedManifest of(Checkpoint carved) {
    return new DerivedManifest(carved);
  }

  private static Optional<Manifest> read(Path directory) {
    return Files.exists(directory.resolve(Manifest.FILE))
        ? Optional.of(Manifest.read(directory))
        : Optional.empty();
  }

  private static String nameOf(Path directory) {
    return String.valueOf(directory.toAbsolutePath().normalize().getFileName());
  }

  /** What the dense model is called; the carved directory's own name where it does not tell. */
  String modelName() {
    return input.name();
  }

  /** A setting of the carve. */
  Optional<String> setting(String key) {
    return settings.stream()
        .filter(setting -> setting.startsWith(key + "="))
        .map(setting -> setting.substring(key.length() + 1))
        .findFirst();
  }

  /** Sets {@code section.key=value} for each of {@code values}, and drops what the section had. */
  DerivedManifest section(String section, Map<String, String> values) {
    settings.removeIf(setting -> setting.startsWith(section + "."));
    values.forEach((key, value) -> settings.add(section + "." + key + "=" + value));
    return this;
  }

  DerivedManifest seed(long of) {
    seed = of;
    return this;
  }

  DerivedManifest cost(RunCost cost) {
    timings.put("totalSeconds", cost.totalSeconds());
    for (StageCost stage : cost.stages()) {
      timings.put(stage.name(), stage.seconds());
    }
    return this;
  }

  /** Writes it into {@code directory}, last of all files. */
  void write(ExportFormat format, Written written, Path directory) {
    settings.removeIf(setting -> setting.startsWith(FORMAT));
    settings.add(FORMAT + format.id().id());
    timings.put("finished", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    SortedMap<String, Manifest.OutputFile> files = Manifest.files(directory, written.digests());
    OutputFiles.REPORTS.forEach(files::remove);
    Versions versions = Versions.current();
    Manifest.of(
            versions.cmoe(), OutputFiles.libraries(versions), settings, seed, input, files, timings)
        .write(directory);
  }
}
