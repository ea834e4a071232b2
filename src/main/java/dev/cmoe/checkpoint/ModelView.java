package dev.cmoe.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A model that a directory holds in another form: a configuration and tensors that are looked at or
 * made where they lie, when they are asked for.
 */
public final class ModelView implements TensorStore {
  private final TensorStore seen;
  private final ObjectNode config;
  private final SortedMap<String, ReadableTensor> tensors = new TreeMap<>();

  /**
   * @param seen has the side files; it stays the caller's, and open as long as this is used
   */
  public ModelView(
      TensorStore seen, ObjectNode config, Collection<? extends ReadableTensor> tensors) {
    this.seen = seen;
    this.config = config.deepCopy();
    tensors.forEach(tensor -> this.tensors.put(tensor.name(), tensor));
  }

  @Override
  public Path directory() {
    return seen.directory();
  }

  @Override
  public Path source() {
    return seen.source();
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
