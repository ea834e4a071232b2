package dev.cmoe.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.ConfigReader;
import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.DecoderLayout;
import dev.cmoe.arch.DenseFamilies;
import dev.cmoe.arch.TensorPart;
import dev.cmoe.checkpoint.BundledModel;
import dev.cmoe.checkpoint.CheckpointWriter;
import dev.cmoe.checkpoint.StagedOutput;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import dev.cmoe.run.Stage;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import dev.cmoe.vector.Bfloat16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A Llama checkpoint with random weights in shards, for measuring time and memory at a size that no
 * repository can hold. Its tokenizer is the bundled model's, so its vocabulary must be at least as
 * large.
 */
public final class SyntheticModel {
  private static final long SHARD_BYTES = 1_000_000_000L;
  private static final ObjectMapper JSON = new ObjectMapper();

  private SyntheticModel() {}

  /**
   * Shape of the model; the names are those of config.json.
   *
   * @param tied the head is the embedding
   * @param dtype of all weights, F32 or BF16
   */
  public record Shape(
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int keyValueHeads,
      int vocabulary,
      boolean tied,
      DType dtype) {}

  /**
   * Writes the model.
   *
   * @return parameters
   */
  public static long write(Path output, Shape shape, long seed, RunListener listener) {
    DecoderConfig config =
        DenseFamilies.of(new ConfigReader(output, json(shape)))
            .read(new ConfigReader(output, json(shape)));
    List<TensorSpec> specs = specs(config, shape.dtype());
    long bytes = specs.stream().mapToLong(TensorSpec::bytes).sum();
    try (StagedOutput staged = StagedOutput.create(output, false, null, bytes);
        CheckpointWriter writer = CheckpointWriter.create(staged.directory(), specs, SHARD_BYTES);
        Stage stage = Stage.start(listener, "writing random weights", "tensors", specs.size())) {
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < specs.size(); i++) {
        writer.write(specs.get(i).name(), values(specs.get(i), random.split()));
        stage.advance(i + 1L, specs.get(i).name());
      }
      writer.finish();
      Files.writeString(
          staged.directory().resolve("config.json"), json(shape).toPrettyString() + "\n");
      Path tokenizer = BundledModel.unpack().resolve("tokenizer.json");
      Files.copy(tokenizer, staged.directory().resolve("tokenizer.json"));
      staged.commit();
      return config.parameters();
    } catch (IOException e) {
      throw CmoeException.resources(output + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  private static ObjectNode json(Shape shape) {
    ObjectNode config = JSON.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config.put("model_type", "llama");
    config.put("hidden_act", "silu");
    config.put("hidden_size", shape.hidden());
    config.put("intermediate_size", shape.intermediate());
    config.put("num_hidden_layers", shape.layers());
    config.put("num_attention_heads", shape.heads());
    config.put("num_key_value_heads", shape.keyValueHeads());
    config.put("vocab_size", shape.vocabulary());
    config.put("max_position_embeddings", 2048);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10000.0);
    config.put("tie_word_embeddings", shape.tied());
    config.put("torch_dtype", shape.dtype() == DType.BF16 ? "bfloat16" : "float32");
    return config;
  }

  private static List<TensorSpec> specs(DecoderConfig config, DType dtype) {
    DecoderLayout layout = config.layout();
    List<TensorPart> parts = new ArrayList<>();
    parts.add(layout.embedding());
    for (int i = 0; i < config.layers(); i++) {
      parts.addAll(layout.layer(i).kept());
      parts.addAll(layout.layer(i).block());
    }
    parts.addAll(layout.end());
    return parts.stream()
        .map(part -> TensorSpec.of(part.name(), dtype, part.dimensions()))
        .toList();
  }

  /**
   * Norms are ones; the rest is uniform with variance 1 / inputs, so that activations keep their
   * size.
   */
  private static ByteBuffer values(TensorSpec spec, SplittableRandom random) {
    int count = Math.toIntExact(spec.elements());
    boolean half = spec.dtype() == DType.BF16;
    ByteBuffer bytes = ByteBuffer.allocate((half ? 2 : 4) * count).order(ByteOrder.LITTLE_ENDIAN);
    boolean norm = spec.shape().size() == 1;
    float bound = (float) Math.sqrt(3.0 / spec.shape().get(spec.shape().size() - 1));
    for (int i = 0; i < count; i++) {
      float value = norm ? 1 : bound * (2 * (random.nextInt() >>> 8) * 0x1p-24f - 1);
      if (half) {
        bytes.putShort(Bfloat16.bits(value));
      } else {
        bytes.putFloat(value);
      }
    }
    return bytes.flip();
  }
}
