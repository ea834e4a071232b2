package dev.cmoe.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.Sha256;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes the weights of a model directory, tensor by tensor, into as many files as the plan asks
 * for. One that is closed before {@link #finish} deletes what it wrote.
 */
public final class CheckpointWriter implements AutoCloseable {
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  private final Path directory;
  private final ShardPlan plan;
  private final SortedMap<String, String> digests = new TreeMap<>();
  private int shard;
  private int written;
  private SafetensorsWriter current;
  private boolean finished;

  private CheckpointWriter(Path directory, ShardPlan plan) {
    this.directory = directory;
    this.plan = plan;
  }

  /**
   * Nothing is written before the first tensor.
   *
   * @param directory an existing directory
   * @param tensors all tensors, names distinct, in the order in which they will be written
   * @param shardBytes the most tensor bytes for one file
   */
  public static CheckpointWriter create(Path directory, List<TensorSpec> tensors, long shardBytes) {
    if (tensors.stream().map(TensorSpec::name).distinct().count() < tensors.size()) {
      throw new IllegalArgumentException("a tensor cannot be written twice");
    }
    return new CheckpointWriter(directory, ShardPlan.of(tensors, shardBytes));
  }

  public ShardPlan plan() {
    return plan;
  }

  /** Writes the next tensor; see {@link SafetensorsWriter#write}. */
  public void write(String name, ByteBuffer... parts) {
    if (shard == plan.shards().size()) {
      throw new IllegalStateException("no tensor is due, not '" + name + "'");
    }
    ShardPlan.Shard planned = plan.shards().get(shard);
    if (current == null) {
      current =
          SafetensorsWriter.create(
              directory.resolve(planned.fileName()), planned.tensors(), METADATA);
    }
    current.write(name, parts);
    written++;
    if (written == planned.tensors().size()) {
      digests.put(planned.fileName(), current.sha256());
      current.close();
      current = null;
      written = 0;
      shard++;
    }
  }

  /**
   * Ends the writing, with an index when there is more than one file.
   *
   * @return the digest of every file written, in hexadecimal, by file name
   * @throws IllegalStateException when a tensor is still due
   */
  public SortedMap<String, String> finish() {
    if (shard < plan.shards().size()) {
      throw new IllegalStateException(
          "tensor "
              + plan.shards().get(shard).tensors().get(written).quotedName()
              + " was not written");
    }
    if (plan.shards().size() > 1) {
      writeIndex();
    }
    finished = true;
    return Collections.unmodifiableSortedMap(digests);
  }

  @Override
  public void close() {
    if (finished) {
      return;
    }
    if (current != null) {
      current.close();
    }
    try {
      for (String file : digests.keySet()) {
        Files.deleteIfExists(directory.resolve(file));
      }
    } catch (IOException e) {
      throw CmoeException.resources(directory + ": an unfinished file cannot be deleted", e);
    }
  }

  private void writeIndex() {
    ObjectNode index = JsonFile.MAPPER.createObjectNode();
    index.putObject("metadata").put("total_size", plan.tensorBytes());
    Map<String, String> sorted = new TreeMap<>();
    for (ShardPlan.Shard each : plan.shards()) {
      each.tensors().forEach(tensor -> sorted.put(tensor.name(), each.fileName()));
    }
    ObjectNode weightMap = index.putObject("weight_map");
    sorted.forEach(weightMap::put);
    Path file = directory.resolve(WeightMap.INDEX);
    JsonFile.write(file, index);
    try {
      digests.put(WeightMap.INDEX, Sha256.of(ByteBuffer.wrap(Files.readAllBytes(file))));
    } catch (IOException e) {
      throw JsonFile.unwritable(file, e);
    }
  }
}
