package dev.cmoe.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.recipe.OutputFormat;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The own format, with the Python files that transformers runs. It holds everything. */
public final class CmoeFormat extends SafetensorsFormat {
  private static final List<String> CODE = List.of("configuration_cmoe.py", "modeling_cmoe.py");

  @Override
  public OutputFormat id() {
    return OutputFormat.CMOE;
  }

  @Override
  public Optional<String> refusal(ModelOutline model) {
    return Optional.empty();
  }

  @Override
  public boolean remoteCode() {
    return true;
  }

  @Override
  ObjectNode config(ModelOutline model, ObjectNode own) {
    return own;
  }

  @Override
  List<OutputTensor> tensors(CarvedSource source) {
    TensorList list = new TensorList(source);
    source.tensors().names().forEach(name -> list.copy(name, source.tensors().tensor(name)));
    return list.tensors();
  }

  @Override
  void original(OriginalTensors list) {
    throw new UnsupportedOperationException("it is the original itself");
  }

  @Override
  public TensorStore original(Checkpoint written) {
    return written;
  }

  @Override
  public Written write(CarvedSource source, Path directory, long shardBytes, Stage stage) {
    writeCode(directory);
    return super.write(source, directory, shardBytes, stage);
  }

  /** Writes the files that config.json's {@code auto_map} names. */
  public static void writeCode(Path directory) {
    try {
      for (String name : CODE) {
        try (InputStream in =
            CmoeFormat.class.getResourceAsStream("/dev/cmoe/checkpoint/own/" + name)) {
          Files.copy(in, directory.resolve(name));
        }
      }
    } catch (IOException e) {
      throw CmoeException.resources(directory + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }
}
