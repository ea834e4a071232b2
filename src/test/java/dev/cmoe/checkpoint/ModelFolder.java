package dev.cmoe.checkpoint;

import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Small model directories for tests. */
final class ModelFolder {
  private ModelFolder() {}

  static Path create(Path dir) throws IOException {
    Files.createDirectories(dir);
    Files.writeString(dir.resolve("config.json"), "{\"model_type\": \"llama\", \"own\": [1]}");
    return dir;
  }

  /** One weight file of zeros. */
  static void weights(Path file, TensorSpec... tensors) {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, List.of(tensors), Map.of("format", "pt"))) {
      for (TensorSpec tensor : tensors) {
        writer.write(tensor.name(), ByteBuffer.allocate((int) tensor.bytes()));
      }
    }
  }

  /** A tensor in a file of its own, whose bytes are the remaining ones of {@code bytes}. */
  static StoredTensor stored(Path file, TensorSpec spec, ByteBuffer bytes) {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(spec), Map.of())) {
      writer.write(spec.name(), bytes);
    }
    var read = dev.cmoe.safetensors.SafetensorsFile.open(file);
    return new StoredTensor(read, read.tensors().get(0));
  }

  static TensorSpec bf16(String name, long... shape) {
    return TensorSpec.of(name, DType.BF16, shape);
  }

  static Path demo() {
    return BundledModel.unpack(Path.of("target", "test-cache"));
  }
}
