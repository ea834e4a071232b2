package dev.cmoe.checkpoint;

import static dev.cmoe.checkpoint.ModelFolder.bf16;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.safetensors.Sha256;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointWriterTest {
  private static final List<TensorSpec> SPECS =
      List.of(bf16("z", 5), bf16("a", 5), bf16("m", 50), bf16("empty", 0), bf16("b", 1));

  @TempDir Path dir;

  @Test
  void fillsFilesInOrder() {
    assertThat(ShardPlan.of(SPECS, 20).shards())
        .containsExactly(
            new ShardPlan.Shard("model-00001-of-00003.safetensors", SPECS.subList(0, 2)),
            new ShardPlan.Shard("model-00002-of-00003.safetensors", SPECS.subList(2, 3)),
            new ShardPlan.Shard("model-00003-of-00003.safetensors", SPECS.subList(3, 5)));
    assertThat(ShardPlan.of(SPECS, 1).shards()).hasSize(5);
    assertThat(ShardPlan.of(SPECS, 122).shards())
        .containsExactly(new ShardPlan.Shard("model.safetensors", SPECS));
    assertThatThrownBy(() -> ShardPlan.of(List.of(), 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ShardPlan.of(SPECS, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 20, 1000})
  void writesWhatACheckpointReads(long shardBytes) throws IOException {
    ModelFolder.create(dir);
    SortedMap<String, String> digests;
    try (CheckpointWriter writer = CheckpointWriter.create(dir, SPECS, shardBytes)) {
      for (TensorSpec spec : SPECS) {
        writer.write(spec.name(), filled(spec));
      }
      digests = writer.finish();
    }
    try (Checkpoint checkpoint = Checkpoint.open(dir)) {
      assertThat(checkpoint.names()).containsExactly("a", "b", "empty", "m", "z");
      assertThat(checkpoint.weightBytes()).isEqualTo(122);
      for (TensorSpec spec : SPECS) {
        assertThat(checkpoint.tensor(spec.name()).bytes()).isEqualTo(filled(spec));
      }
      assertThat(checkpoint.notes()).isEmpty();
    }
    for (var file : digests.entrySet()) {
      byte[] bytes = Files.readAllBytes(dir.resolve(file.getKey()));
      assertThat(Sha256.of(ByteBuffer.wrap(bytes))).isEqualTo(file.getValue());
    }
    Path index = dir.resolve("model.safetensors.index.json");
    assertThat(Files.exists(index)).isEqualTo(shardBytes < 1000);
    assertThat(digests.containsKey("model.safetensors.index.json")).isEqualTo(shardBytes < 1000);
    if (Files.exists(index)) {
      ObjectNode json = JsonFile.readObject(index);
      assertThat(json.at("/metadata/total_size").asLong()).isEqualTo(122);
      assertThat(json.get("weight_map").fieldNames())
          .toIterable()
          .containsExactly("a", "b", "empty", "m", "z");
    }
  }

  @Test
  void leavesNothingUnfinished() {
    try (CheckpointWriter writer = CheckpointWriter.create(dir, SPECS, 20)) {
      for (TensorSpec spec : SPECS.subList(0, 4)) {
        writer.write(spec.name(), filled(spec));
      }
      assertThatThrownBy(writer::finish)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'b'");
    }
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void refusesMoreThanPlanned() {
    assertThatThrownBy(
            () -> CheckpointWriter.create(dir, List.of(bf16("a", 1), bf16("a", 1)), 1).close())
        .isInstanceOf(IllegalArgumentException.class);
    try (CheckpointWriter writer = CheckpointWriter.create(dir, List.of(bf16("a", 1)), 20)) {
      writer.write("a", ByteBuffer.allocate(2));
      assertThatThrownBy(() -> writer.write("a", ByteBuffer.allocate(2)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  private static ByteBuffer filled(TensorSpec spec) {
    byte[] bytes = new byte[(int) spec.bytes()];
    java.util.Arrays.fill(bytes, (byte) spec.name().charAt(0));
    return ByteBuffer.wrap(bytes);
  }
}
