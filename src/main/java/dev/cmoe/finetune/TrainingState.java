package dev.cmoe.finetune;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsFile;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorInfo;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The saved state of a run: one safetensors file with parameters, moments and selection biases, the
 * numbers beside them in its header. Everything random is derived from seed and step, so there is
 * no more to keep. A state is written beside the last one and then takes its place, so whatever
 * happens there is a whole one.
 */
public final class TrainingState {
  private static final String SCHEMA = "cmoe.finetune-state/2";
  private static final String NUMBERS = "state";
  private static final String ANEW = "; delete it to begin anew";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What is no tensor.
   *
   * @param fingerprint of everything that decides what a step does
   */
  private record Numbers(String schema, String fingerprint, Progress progress) {}

  /**
   * How far a run is.
   *
   * @param steps done
   * @param updates steps that were not skipped
   * @param skipped steps in a row that were, up to now
   * @param seconds that the steps took, whichever processes ran them
   */
  record Progress(
      long steps,
      long updates,
      int skipped,
      double seconds,
      TrainingHistory history,
      Baseline before) {}

  /**
   * What was measured before the first step.
   *
   * @param load tokens of the held-out text that chose each expert, by layer
   * @param teacher its perplexity on that text; null without a teacher or such text
   */
  record Baseline(long[][] load, Double teacher) {}

  private final Path file;
  private final String fingerprint;

  /**
   * @param fingerprint of model, data, settings and machine; a state of another is refused
   */
  public TrainingState(Path file, String fingerprint) {
    this.file = file;
    this.fingerprint = fingerprint;
  }

  public boolean exists() {
    return Files.exists(file);
  }

  /** Deletes the state, and what an interrupted write left. */
  public void delete() {
    try {
      Files.deleteIfExists(file);
      Files.deleteIfExists(partial());
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be deleted (" + e.getMessage() + ")", e);
    }
  }

  private Path partial() {
    return file.resolveSibling(file.getFileName() + ".partial");
  }

  /**
   * @throws CmoeException of kind RESOURCES when the disk does not take it; the last state is then
   *     still there
   */
  void save(TrainedModel model, Progress progress) {
    makeParents();
    Numbers numbers = new Numbers(SCHEMA, fingerprint, progress);
    List<TensorSpec> specs = new ArrayList<>();
    for (Parameters.Entry entry : model.parameters().entries()) {
      for (String part : List.of("value", "first", "second")) {
        specs.add(spec(part + "." + entry.parameter().fullName(), entry.parameter().dimensions()));
      }
    }
    for (int i = 0; i < model.layers(); i++) {
      specs.add(spec("selection." + i, model.balance().bias(i).length));
    }
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            partial(), specs, Map.of(NUMBERS, JSON.writeValueAsString(numbers)))) {
      for (Parameters.Entry entry : model.parameters().entries()) {
        String name = entry.parameter().fullName();
        write(writer, "value." + name, entry.value().toFloats());
        write(writer, "first." + name, entry.first().toFloats());
        write(writer, "second." + name, entry.second().toFloats());
      }
      for (int i = 0; i < model.layers(); i++) {
        write(writer, "selection." + i, model.balance().bias(i));
      }
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    replace();
  }

  private void makeParents() {
    Path folder = file.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw CmoeException.resources(folder + ": cannot be made (" + e.getMessage() + ")", e);
    }
  }

  private static TensorSpec spec(String name, long... shape) {
    return TensorSpec.of(name, DType.F32, shape);
  }

  private static void write(SafetensorsWriter writer, String name, float[] values) {
    writer.write(name, HalfFloats.fromFloats(values, DType.F32));
  }

  private void replace() {
    try {
      try (FileChannel written = FileChannel.open(partial(), StandardOpenOption.WRITE)) {
        written.force(true);
      }
      Files.move(
          partial(), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  /**
   * Puts {@code model} where the state left it.
   *
   * @throws CmoeException of kind BAD_INPUT for a state of another run
   */
  Progress restore(TrainedModel model) {
    try (SafetensorsFile stored = open()) {
      String text = stored.metadata().get(NUMBERS);
      if (text == null) {
        throw CmoeException.badInput(file, "is no saved state of a fine-tuning run" + ANEW);
      }
      Numbers numbers = JSON.readValue(text, Numbers.class);
      if (!SCHEMA.equals(numbers.schema()) || !fingerprint.equals(numbers.fingerprint())) {
        throw CmoeException.badInput(
            file,
            "was saved by a run with another model, other data, other settings or on another"
                + " machine; run with those again, or delete it to begin anew");
      }
      for (Parameters.Entry entry : model.parameters().entries()) {
        String name = entry.parameter().fullName();
        model.parameters().set(entry.value(), read(stored, "value." + name));
        model.parameters().set(entry.first(), read(stored, "first." + name));
        model.parameters().set(entry.second(), read(stored, "second." + name));
      }
      for (int i = 0; i < model.layers(); i++) {
        model.balance().setBias(i, read(stored, "selection." + i));
      }
      return numbers.progress();
    } catch (JsonProcessingException e) {
      throw CmoeException.badInput(
          file, "is no saved state that this version of cmoe reads" + ANEW);
    }
  }

  private SafetensorsFile open() {
    try {
      return SafetensorsFile.open(file);
    } catch (CmoeException e) {
      throw new CmoeException(e.kind(), e.getMessage() + ANEW, e);
    }
  }

  private float[] read(SafetensorsFile stored, String name) {
    TensorInfo info =
        stored
            .find(name)
            .orElseThrow(() -> CmoeException.badInput(file, "has no tensor '" + name + "'" + ANEW));
    float[] values = new float[Math.toIntExact(info.spec().elements())];
    HalfFloats.toFloats(stored.bytes(info), DType.F32, values, 0, values.length);
    return values;
  }
}
