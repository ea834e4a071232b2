package dev.cmoe.finetune;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.ReadableTensor;
import dev.cmoe.checkpoint.TensorStore;
import dev.cmoe.engine.Tensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.SafetensorsWriter;
import dev.cmoe.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * What was trained as PEFT 0.21 stores it: adapter_config.json and adapter_model.safetensors, to be
 * loaded on the model that was trained. Routers are whole modules ({@code modules_to_save}).
 */
final class PeftAdapter {
  private static final String ROOT = "base_model.model.";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Bytes are made when they are written. */
  private record Stored(TensorSpec spec, Supplier<ByteBuffer> bytes) {}

  private final TrainedModel model;
  private final TensorStore merged;
  private final Map<String, Stored> tensors = new TreeMap<>();
  private final TreeSet<String> modules = new TreeSet<>();
  private final TreeSet<String> parameters = new TreeSet<>();
  private boolean routers;

  /**
   * @param merged what {@code model} became: routers are taken from there
   */
  PeftAdapter(TrainedModel model, TensorStore merged) {
    this.model = model;
    this.merged = merged;
    for (int i = 0; i < model.layers(); i++) {
      layer(i);
    }
  }

  private void layer(int index) {
    Map<String, Tensor> values = model.parameters().values(index);
    MoeShape shape = model.decoder().moe().orElseThrow();
    for (Projection projection : Projection.of(model.decoder().config(), shape, index)) {
      if (values.containsKey(projection.stem() + ".a")) {
        add(projection, values.get(projection.stem() + ".a"), values.get(projection.stem() + ".b"));
      }
    }
    boolean balanced = model.balance().moved();
    if (shape.experts() > 0
        && (values.containsKey("router.0") || values.containsKey("gate_scale") || balanced)) {
      router(new LayerNames(index).prefix() + "mlp.router.");
    }
  }

  private void router(String prefix) {
    routers = true;
    for (String name : merged.names()) {
      if (name.startsWith(prefix)) {
        ReadableTensor tensor = merged.tensor(name);
        put(ROOT + name, tensor.spec(), tensor::bytes);
      }
    }
  }

  private void add(Projection projection, Tensor a, Tensor b) {
    String tensor = projection.tensor();
    if (projection.experts() == 0) {
      String module = tensor.substring(0, tensor.length() - ".weight".length());
      modules.add(module.substring(module.indexOf('.', "model.layers.".length()) + 1));
      factors(ROOT + module, projection, 1, a, b);
      return;
    }
    String parameter = tensor.substring(tensor.indexOf("mlp."));
    parameters.add(parameter);
    // PEFT wraps the module once for each parameter, in the order of the module's own; the wrapper
    // of the first lies inside.
    String module = tensor.substring(0, tensor.lastIndexOf('.'));
    boolean inner = projection.stem().equals("experts.in") && hasDown();
    factors(ROOT + module + (inner ? ".base_layer" : ""), projection, projection.experts(), a, b);
  }

  private boolean hasDown() {
    return model.lora().targets().contains(LoraTarget.DOWN);
  }

  /** A as [E·r,in]; B as [rows,r·E], the experts fastest. */
  private void factors(String module, Projection projection, int experts, Tensor a, Tensor b) {
    long rank = model.lora().rank();
    put(module + ".lora_A.weight", a::toFloats, experts * rank, projection.in());
    put(
        module + ".lora_B.weight",
        () -> turned(b.toFloats(), Math.toIntExact(projection.rows()), experts),
        projection.rows(),
        rank * experts);
  }

  private float[] turned(float[] b, int rows, int experts) {
    int rank = model.lora().rank();
    float[] turned = new float[b.length];
    for (int e = 0; e < experts; e++) {
      for (int i = 0; i < rows; i++) {
        for (int r = 0; r < rank; r++) {
          turned[(i * rank + r) * experts + e] = b[(e * rows + i) * rank + r];
        }
      }
    }
    return turned;
  }

  private void put(String name, Supplier<float[]> values, long... shape) {
    put(
        name,
        TensorSpec.of(name, DType.F32, shape),
        () -> HalfFloats.fromFloats(values.get(), DType.F32));
  }

  private void put(String name, TensorSpec spec, Supplier<ByteBuffer> bytes) {
    tensors.put(name, new Stored(new TensorSpec(name, spec.dtype(), spec.shape()), bytes));
  }

  /**
   * Writes both files into {@code directory}, which exists.
   *
   * @param base where the model that was trained lies in the own format; empty where it does not
   */
  void write(Path directory, Optional<String> base) {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            directory.resolve("adapter_model.safetensors"),
            tensors.values().stream().map(Stored::spec).toList(),
            Map.of("format", "pt"))) {
      tensors.forEach((name, stored) -> writer.write(name, stored.bytes().get()));
    }
    Path file = directory.resolve("adapter_config.json");
    try {
      Files.writeString(file, JSON.writeValueAsString(config(base)) + "\n");
    } catch (IOException e) {
      throw CmoeException.resources(file + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  private ObjectNode config(Optional<String> base) {
    ObjectNode config = JSON.createObjectNode();
    config.put("peft_type", "LORA");
    config.put("task_type", "CAUSAL_LM");
    config.put("base_model_name_or_path", base.orElse(null));
    config.put("r", model.lora().rank());
    config.put("lora_alpha", model.lora().alpha());
    // PEFT leaves nothing out of packed parameters, and refuses to be told otherwise.
    config.put("lora_dropout", 0.0);
    config.put("bias", "none");
    config.put("fan_in_fan_out", false);
    config.put("inference_mode", true);
    list(config, "target_modules", modules);
    list(config, "target_parameters", parameters);
    list(config, "modules_to_save", routers ? new TreeSet<>(java.util.Set.of("router")) : null);
    return config;
  }

  private static void list(ObjectNode config, String key, TreeSet<String> names) {
    if (names == null) {
      config.putNull(key);
      return;
    }
    ArrayNode array = config.putArray(key);
    names.forEach(array::add);
  }
}
