package dev.cmoe.checkpoint;

import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which tensors go into which weight file, in the order in which both come. No file is empty, and
 * none is larger than asked for unless one tensor alone is.
 */
public record ShardPlan(List<Shard> shards) {

  /** Larger tensors keep their place: what is held back is held in memory. */
  private static final long MOST_HELD_BYTES = 1 << 20;

  /**
   * One weight file.
   *
   * @param tensors in the order in which they come
   */
  public record Shard(String fileName, List<TensorSpec> tensors) {
    public Shard {
      tensors = List.copyOf(tensors);
    }

    /**
     * The tensors as they lie in the file. Small ones that would move all that follow off the
     * boundary on which the data begin, such as the biases of routers, come last: a runtime that
     * maps the file reads matrices that begin elsewhere more slowly.
     */
    public List<TensorSpec> inFile() {
      return Stream.concat(tensors.stream().filter(tensor -> !comesLast(tensor)), atEnd()).toList();
    }

    /** Those that lie behind all others, in the order in which they do. */
    Stream<TensorSpec> atEnd() {
      return tensors.stream().filter(Shard::comesLast);
    }

    static boolean comesLast(TensorSpec tensor) {
      return tensor.bytes() % SafetensorsWriter.ALIGNMENT != 0 && tensor.bytes() <= MOST_HELD_BYTES;
    }
  }

  public ShardPlan {
    shards = List.copyOf(shards);
  }

  /**
   * Fills files in order.
   *
   * @param shardBytes the most tensor bytes for one file, positive
   */
  public static ShardPlan of(List<TensorSpec> tensors, long shardBytes) {
    if (tensors.isEmpty() || shardBytes <= 0) {
      throw new IllegalArgumentException("nothing to plan: " + tensors + " by " + shardBytes);
    }
    List<List<TensorSpec>> groups = new ArrayList<>();
    long room = 0;
    for (TensorSpec tensor : tensors) {
      if (groups.isEmpty() || tensor.bytes() > room) {
        groups.add(new ArrayList<>());
        room = shardBytes;
      }
      groups.get(groups.size() - 1).add(tensor);
      room -= tensor.bytes();
    }
    int count = groups.size();
    List<Shard> shards = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String name =
          count == 1 ? WeightMap.SINGLE : "model-%05d-of-%05d.safetensors".formatted(i + 1, count);
      shards.add(new Shard(name, groups.get(i)));
    }
    return new ShardPlan(shards);
  }

  public long tensorBytes() {
    return shards.stream()
        .flatMap(shard -> shard.tensors().stream())
        .mapToLong(TensorSpec::bytes)
        .sum();
  }
}
