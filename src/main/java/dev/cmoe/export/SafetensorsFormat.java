package dev.cmoe.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.NativeOrigin;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.CheckpointWriter;
import dev.cmoe.checkpoint.ModelView;
import dev.cmoe.checkpoint.SideFiles;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.Stage;
import dev.cmoe.safetensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A Hugging Face directory: a configuration, tensors in safetensors files, and side files. */
public abstract class SafetensorsFormat implements ExportFormat {
  private static final long MOST_BYTES = 1L << 30;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * The whole {@code config.json}.
   *
   * @param own the configuration of the own format
   */
  abstract ObjectNode config(ModelOutline model, ObjectNode own);

  /** All tensors, in the order they are written; none is made yet. */
  abstract List<OutputTensor> tensors(CarvedSource source);

  /** The way back from {@link #tensors}: the feed-forward blocks, as they lie in the files. */
  abstract void original(OriginalTensors list);

  /**
   * The model in the own format that {@code written}, a directory in this one, was made from. Where
   * the format rounds, several models become one; then it is one of them. Weights are read when
   * they are asked for; that they are as cmoe wrote them is for {@link #requireWritten} to find
   * out.
   *
   * @param written stays the caller's, and open as long as the result is used
   * @throws CmoeException of kind UNSUPPORTED for a configuration that was changed since, of kind
   *     BAD_INPUT when tensors are missing
   */
  public TensorStore original(Checkpoint written) {
    ConfigReader config =
        new ConfigReader(written.directory().resolve("config.json"), written.config());
    ConfigReader own = NativeOrigin.of(config);
    NativeTensors.check(written);
    OriginalTensors list =
        new OriginalTensors(written, OwnLayout.decoder(own), OwnLayout.shape(own));
    ObjectNode ownConfig = ownConfig(config);
    changed(config(list.outline(), ownConfig), written.config(), config.file())
        .ifPresent(SafetensorsFormat::refuseWayBack);
    original(list);
    return new ModelView(written, ownConfig, list.tensors().values());
  }

  /**
   * Checks that {@code written} is what this format makes of {@code original}, byte for byte.
   *
   * @param original what {@link #original} said of {@code written}
   * @param stage advances by the bytes compared
   * @throws CmoeException of kind UNSUPPORTED for a directory that was changed since
   */
  public void requireWritten(TensorStore original, Checkpoint written, Stage stage) {
    difference(new CarvedSource(original), written, "as cmoe wrote it", stage)
        .ifPresent(SafetensorsFormat::refuseWayBack);
  }

  private static void refuseWayBack(String difference) {
    throw CmoeException.unsupported(
        difference
            + ", so the way back to the format cmoe is not known; take the directory as cmoe wrote"
            + " it, or carve with --format cmoe");
  }

  /** What a person may have set since, such as special tokens, is kept. */
  private static ObjectNode ownConfig(ConfigReader config) {
    ObjectNode own = NativeOrigin.restored(config);
    for (String key : NativeConfig.TOKENS) {
      if (config.has(key)) {
        own.set(key, config.tree().get(key));
      }
    }
    return own;
  }

  @Override
  public long bytes(CarvedSource source) {
    return tensors(source).stream().mapToLong(tensor -> tensor.spec().bytes()).sum();
  }

  /**
   * Checks that a configuration which this format wrote is still the one for its {@code
   * cmoe_source}; what does not change the model may differ.
   *
   * @param file to name in a message
   * @throws CmoeException of kind VERIFICATION naming the key that differs
   */
  public void requireConfiguration(Path file, ObjectNode config) {
    ConfigReader own = NativeOrigin.of(new ConfigReader(file, config));
    // Neither biases nor the type of the weights are part of what is compared.
    ModelOutline model =
        new ModelOutline(OwnLayout.decoder(own), OwnLayout.shape(own), false, DType.F32);
    changed(config(model, (ObjectNode) config.get(NativeOrigin.KEY)), config, file)
        .ifPresent(
            difference -> {
              throw CmoeException.verification(difference);
            });
  }

  private static Optional<String> changed(ObjectNode expected, ObjectNode actual, Path file) {
    return ConfigComparison.difference(expected, actual)
        .map(difference -> file + ": " + difference + "; the file was changed");
  }

  /**
   * Compares {@code written} with what this format makes of {@code source}, tensor by tensor.
   *
   * @param stage advances by the bytes compared
   * @throws CmoeException of kind VERIFICATION naming the key or tensor that differs
   */
  public void requireSame(CarvedSource source, Checkpoint written, Stage stage) {
    difference(source, written, "what the plan makes of the dense model", stage)
        .ifPresent(
            difference -> {
              throw CmoeException.verification(difference);
            });
  }

  /**
   * The first key or tensor in which {@code written} is not what this format makes of {@code
   * source}.
   *
   * @param due what a tensor is, where it is as it must be
   */
  private Optional<String> difference(
      CarvedSource source, Checkpoint written, String due, Stage stage) {
    Optional<String> changed =
        changed(
            config(source.outline(), source.tensors().config()),
            written.config(),
            written.directory().resolve("config.json"));
    if (changed.isPresent()) {
      return changed;
    }
    long done = 0;
    for (OutputTensor tensor : tensors(source)) {
      StoredTensor stored = written.tensor(tensor.spec().name());
      if (!stored.spec().equals(tensor.spec())) {
        return Optional.of(
            "%s: %s is %s%s where %s%s is due"
                .formatted(
                    stored.path(),
                    stored.subject(),
                    stored.dtype(),
                    stored.shape(),
                    tensor.spec().dtype(),
                    tensor.spec().shape()));
      }
      long at = mismatch(tensor.bytes().get(), stored.parts(MOST_BYTES));
      if (at >= 0) {
        return Optional.of(
            "%s: %s is not %s, first at element %d"
                .formatted(stored.path(), stored.subject(), due, at / stored.dtype().bytes()));
      }
      done += tensor.spec().bytes();
      stage.advance(done, tensor.spec().name());
    }
    return Optional.empty();
  }

  /** The first byte at which two runs of buffers of equal length differ; -1 when none does. */
  private static long mismatch(ByteBuffer[] expected, ByteBuffer[] actual) {
    long at = 0;
    int theirs = 0;
    for (ByteBuffer buffer : expected) {
      ByteBuffer mine = buffer.duplicate();
      while (mine.hasRemaining()) {
        while (!actual[theirs].hasRemaining()) {
          theirs++;
        }
        ByteBuffer other = actual[theirs];
        int length = Math.min(mine.remaining(), other.remaining());
        int differs =
            mine.slice(mine.position(), length).mismatch(other.slice(other.position(), length));
        if (differs >= 0) {
          return at + differs;
        }
        at += length;
        mine.position(mine.position() + length);
        other.position(other.position() + length);
      }
    }
    return -1;
  }

  @Override
  public Written write(CarvedSource source, Path directory, long shardBytes, Stage stage) {
    Path file = directory.resolve("config.json");
    try {
      Files.writeString(
          file,
          JSON.writeValueAsString(config(source.outline(), source.tensors().config())) + "\n");
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written (" + e.getMessage() + ")", e);
    }
    List<OutputTensor> tensors = tensors(source);
    long done = 0;
    long elements = 0;
    try (CheckpointWriter writer =
        CheckpointWriter.create(
            directory, tensors.stream().map(OutputTensor::spec).toList(), shardBytes)) {
      for (OutputTensor tensor : tensors) {
        writer.write(tensor.spec().name(), tensor.bytes().get());
        done += tensor.spec().bytes();
        elements += tensor.spec().elements();
        stage.advance(done, tensor.spec().name());
      }
      Written written = new Written(writer.finish(), elements);
      SideFiles.copy(source.tensors().directory(), directory);
      return written;
    }
  }
}
