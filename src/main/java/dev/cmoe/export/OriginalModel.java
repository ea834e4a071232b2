package dev.cmoe.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.TensorStore;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A directory in a native format as the model in the own format that it holds, without writing
 * that: its weights are looked at where they lie.
 */
final class OriginalModel implements TensorStore {
  private final Checkpoint written;
  private final ObjectNode config;
  private final SortedMap<String, ReadableTensor> tensors;

  /**
   * @param written stays the caller's
   * @param config of the own format
   */
  OriginalModel(Checkpoint written, ObjectNode config, SortedMap<String, ReadableTensor> tensors) {
    this.written = written;
    this.config = config;
    this.tensors = tensors;
  }

  @Override
  public Path directory() {
    return written.directory();
  }

  @Override
  public Path source() {
    return written.source();
  }

  @Override
  public ObjectNode config() {
    return config.deepCopy();
  }

  @Override
  public SortedSet<String> names() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(tensors.keySet()));
  }

  @Override
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public ReadableTensor tensor(String name) {
    ReadableTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw missing(name);
    }
    return tensor;
  }
}
