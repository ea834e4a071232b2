package dev.cmoe.carve;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.NonFinite;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.Stage;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Every tensor that a dense checkpoint of this shape must have, found and checked before any work
 * starts.
 */
public final class DenseTensors {
  private final Checkpoint checkpoint;
  private final DecoderConfig config;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private DenseTensors(Checkpoint checkpoint, DecoderConfig config) {
    this.checkpoint = checkpoint;
    this.config = config;
  }

  /**
   * @throws CmoeException of kind BAD_INPUT for a tensor that is missing or has the wrong shape,
   *     UNSUPPORTED for a type that is not read
   */
  public static DenseTensors check(Checkpoint checkpoint, DecoderConfig config) {
    DenseTensors all = new DenseTensors(checkpoint, config);
    all.collect();
    return all;
  }

  private void collect() {
    long hidden = config.hidden();
    long query = (long) config.heads() * config.headDim();
    long keyValue = (long) config.keyValueHeads() * config.headDim();
    long neurons = config.intermediate();
    require(LayerNames.EMBEDDING, config.vocabulary(), hidden);
    for (int i = 0; i < config.layers(); i++) {
      LayerNames names = new LayerNames(i);
      require(names.inputNorm(), hidden);
      require(names.attention("q_proj", "weight"), query, hidden);
      require(names.attention("k_proj", "weight"), keyValue, hidden);
      require(names.attention("v_proj", "weight"), keyValue, hidden);
      require(names.attention("o_proj", "weight"), hidden, query);
      if (config.attentionBias()) {
        require(names.attention("q_proj", "bias"), query);
        require(names.attention("k_proj", "bias"), keyValue);
        require(names.attention("v_proj", "bias"), keyValue);
        require(names.attention("o_proj", "bias"), hidden);
      }
      require(names.feedForwardNorm(), hidden);
      require(names.mlp("gate_proj", "weight"), neurons, hidden);
      require(names.mlp("up_proj", "weight"), neurons, hidden);
      require(names.mlp("down_proj", "weight"), hidden, neurons);
      if (config.mlpBias()) {
        require(names.mlp("gate_proj", "bias"), neurons);
        require(names.mlp("up_proj", "bias"), neurons);
        require(names.mlp("down_proj", "bias"), hidden);
      }
      requireSameType(names, "weight");
      if (config.mlpBias()) {
        requireSameType(names, "bias");
      }
    }
    require(LayerNames.FINAL_NORM, hidden);
    if (!config.tiedHead()) {
      require(LayerNames.HEAD, config.vocabulary(), hidden);
    }
  }

  private void require(String name, long... shape) {
    tensors.put(name, checkpoint.tensor(name, shape));
  }

  /** The own format keeps gate and up in one tensor. */
  private void requireSameType(LayerNames names, String part) {
    StoredTensor gate = tensors.get(names.mlp("gate_proj", part));
    StoredTensor up = tensors.get(names.mlp("up_proj", part));
    if (gate.dtype() != up.dtype()) {
      throw CmoeException.unsupported(
          up.path()
              + ": '"
              + up.name()
              + "' is "
              + up.dtype()
              + " and its gate_proj "
              + gate.dtype()
              + "; store both in one type");
    }
  }

  /**
   * Tensors of the checkpoint that a model of this family does not have; they are not carried over.
   */
  public List<String> unknown() {
    TreeSet<String> names = new TreeSet<>(checkpoint.names());
    names.removeAll(tensors.keySet());
    if (config.tiedHead()) {
      names.remove(LayerNames.HEAD);
    }
    return List.copyOf(names);
  }

  /**
   * Looks at every value.
   *
   * @throws CmoeException of kind BAD_INPUT naming the first tensor with a NaN or infinity
   */
  public void checkFinite(Stage stage) {
    long done = 0;
    for (StoredTensor tensor : tensors.values()) {
      NonFinite.check(tensor);
      done += tensor.info().bytes();
      stage.advance(done, tensor.name());
    }
  }

  /** Bytes of all tensors. */
  public long bytes() {
    return tensors.values().stream().mapToLong(tensor -> tensor.info().bytes()).sum();
  }

  TensorSpec spec(String name) {
    return tensors.get(name).info().spec();
  }

  /** Stored type of each layer's down-projection. */
  public List<DType> downTypes() {
    List<DType> types = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      types.add(spec(new LayerNames(i).mlp("down_proj", "weight")).dtype());
    }
    return types;
  }

  /** Names of layer {@code index} that carving leaves as they are. */
  List<String> keptOfLayer(int index) {
    LayerNames names = new LayerNames(index);
    return tensors.keySet().stream()
        .filter(
            name -> name.startsWith(names.prefix()) && !name.startsWith(names.prefix() + "mlp."))
        .toList();
  }

  /** Names of what follows the layers. */
  List<String> keptAfterLayers() {
    return config.tiedHead()
        ? List.of(LayerNames.FINAL_NORM)
        : List.of(LayerNames.FINAL_NORM, LayerNames.HEAD);
  }
}
