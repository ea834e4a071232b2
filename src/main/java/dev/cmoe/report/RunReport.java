package dev.cmoe.report;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What a run that wrote a model directory reports, as its report.json holds it. */
public sealed interface RunReport permits CarveReport, FinetuneReport {

  /**
   * Reads a {@code report.json}; fields it does not know are ignored.
   *
   * @throws dev.cmoe.run.CmoeException of kind BAD_INPUT for what is none
   */
  static RunReport read(Path file) {
    return JsonReport.read(file);
  }

  /** Value of the {@code schema} field. */
  String schema();

  /** Directory that the model was written to. */
  String output();

  /** The carve that the model comes from, as far as it is known. */
  Optional<CarveReport> carving();

  /** What it is compared by. */
  RunFigures figures();

  /**
   * The same model in another format.
   *
   * @param elements in the files of that format
   * @param more warnings of the export
   */
  RunReport exported(String directory, String as, long elements, List<String> more);
}
