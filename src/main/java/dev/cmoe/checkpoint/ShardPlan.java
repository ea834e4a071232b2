package dev.cmoe.checkpoint;

import dev.cmoe.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Which tensors go into which weight file, in the order in which both are written. No file is
 * empty, and none is larger than asked for unless one tensor alone is.
 */
public record ShardPlan(List<Shard> shards) {

  /** One weight file. */
  public record Shard(String fileName, List<TensorSpec> tensors) {
    public Shard {
      tensors = List.copyOf(tensors);
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
