package dev.cmoe.carve;

import dev.cmoe.arch.DecoderConfig;
import dev.cmoe.arch.LayerNames;
import dev.cmoe.arch.MoeShape;
import dev.cmoe.arch.OwnLayout;
import dev.cmoe.arch.RouterKind;
import dev.cmoe.carve.routing.Router;
import dev.cmoe.checkpoint.Checkpoint;
import dev.cmoe.checkpoint.CheckpointWriter;
import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.checkpoint.StoredTensor;
import dev.cmoe.safetensors.DType;
import dev.cmoe.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;

/**
 * Writes a carved model in the own format. Every weight is moved as the bytes it was stored in;
 * only routers and refitted projections are new. Layers come in order, and one layer's feed-forward
 * block is in memory at a time.
 */
public final class OwnFormatWriter implements AutoCloseable {
  /** Bytes moved at a time; an embedding can be larger than a buffer may be. */
  private static final long MOST_BYTES = 1L << 30;

  private final Checkpoint dense;
  private final DenseTensors tensors;
  private final DecoderConfig config;
  private final MoeShape shape;
  private final CheckpointWriter writer;

  public OwnFormatWriter(
      Path directory,
      Checkpoint dense,
      DenseTensors tensors,
      DecoderConfig config,
      MoeShape shape,
      long shardBytes) {
    this.dense = dense;
    this.tensors = tensors;
    this.config = config;
    this.shape = shape;
    this.writer = CheckpointWriter.create(directory, specs(tensors, config, shape), shardBytes);
    copy(List.of(LayerNames.EMBEDDING));
  }

  /** Tensors of the output, in the order they are written. */
  public static List<TensorSpec> specs(DenseTensors tensors, DecoderConfig config, MoeShape shape) {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(tensors.spec(LayerNames.EMBEDDING));
    for (int i = 0; i < config.layers(); i++) {
      LayerNames names = new LayerNames(i);
      tensors.keptOfLayer(i).forEach(name -> specs.add(tensors.spec(name)));
      DType gate = tensors.spec(names.mlp("gate_proj", "weight")).dtype();
      DType down = tensors.spec(names.mlp("down_proj", "weight")).dtype();
      long hidden = config.hidden();
      if (shape.sharedWidth() > 0) {
        long width = shape.sharedWidth();
        specs.add(
            TensorSpec.of(OwnLayout.shared(names, "gate_proj", "weight"), gate, width, hidden));
        specs.add(TensorSpec.of(OwnLayout.shared(names, "up_proj", "weight"), gate, width, hidden));
        specs.add(
            TensorSpec.of(OwnLayout.shared(names, "down_proj", "weight"), down, hidden, width));
        if (config.mlpBias()) {
          DType bias = tensors.spec(names.mlp("gate_proj", "bias")).dtype();
          specs.add(TensorSpec.of(OwnLayout.shared(names, "gate_proj", "bias"), bias, width));
          specs.add(TensorSpec.of(OwnLayout.shared(names, "up_proj", "bias"), bias, width));
        }
      }
      if (shape.router() != RouterKind.NONE) {
        long experts = shape.experts();
        long width = shape.expertWidth();
        specs.add(
            TensorSpec.of(
                OwnLayout.experts(names, "gate_up_proj"), gate, experts, 2 * width, hidden));
        specs.add(
            TensorSpec.of(OwnLayout.experts(names, "down_proj"), down, experts, hidden, width));
        if (config.mlpBias()) {
          DType bias = tensors.spec(names.mlp("gate_proj", "bias")).dtype();
          specs.add(
              TensorSpec.of(OwnLayout.experts(names, "gate_up_bias"), bias, experts, 2 * width));
        }
        if (shape.router() == RouterKind.LINEAR) {
          specs.add(TensorSpec.of(OwnLayout.router(names, "weight"), DType.F32, experts, hidden));
          specs.add(TensorSpec.of(OwnLayout.router(names, "bias"), DType.F32, experts));
        } else {
          specs.add(
              TensorSpec.of(OwnLayout.router(names, "gate_weight"), DType.F32, experts, hidden));
          specs.add(
              TensorSpec.of(OwnLayout.router(names, "up_weight"), DType.F32, experts, hidden));
        }
        specs.add(TensorSpec.of(OwnLayout.router(names, "selection_bias"), DType.F32, experts));
      }
      if (config.mlpBias()) {
        DType bias = tensors.spec(names.mlp("down_proj", "bias")).dtype();
        specs.add(TensorSpec.of(OwnLayout.downBias(names), bias, hidden));
      }
    }
    tensors.keptAfterLayers().forEach(name -> specs.add(tensors.spec(name)));
    return specs;
  }

  /** Writes layer {@code index}; layers come in order. */
  public void write(int index, LayerPlan plan) {
    LayerNames names = new LayerNames(index);
    copy(tensors.keptOfLayer(index));
    StoredTensor gate = dense.tensor(names.mlp("gate_proj", "weight"));
    StoredTensor up = dense.tensor(names.mlp("up_proj", "weight"));
    int[] shared = plan.grouping().shared();
    DownColumns down =
        new DownColumns(
            dense.tensor(names.mlp("down_proj", "weight")), plan, config.intermediate());
    boolean bias = config.mlpBias();
    StoredTensor gateBias = bias ? dense.tensor(names.mlp("gate_proj", "bias")) : null;
    StoredTensor upBias = bias ? dense.tensor(names.mlp("up_proj", "bias")) : null;
    if (shape.sharedWidth() > 0) {
      writer.write(OwnLayout.shared(names, "gate_proj", "weight"), NeuronRows.gather(gate, shared));
      writer.write(OwnLayout.shared(names, "up_proj", "weight"), NeuronRows.gather(up, shared));
      writer.write(OwnLayout.shared(names, "down_proj", "weight"), down.columns(0, shared.length));
      if (bias) {
        writer.write(
            OwnLayout.shared(names, "gate_proj", "bias"), NeuronRows.gather(gateBias, shared));
        writer.write(OwnLayout.shared(names, "up_proj", "bias"), NeuronRows.gather(upBias, shared));
      }
    }
    if (shape.router() != RouterKind.NONE) {
      List<int[]> experts = plan.grouping().experts();
      writer.write(OwnLayout.experts(names, "gate_up_proj"), pairs(gate, up, experts));
      ByteBuffer[] downs = new ByteBuffer[experts.size()];
      Arrays.setAll(
          downs, e -> down.columns(shared.length + e * shape.expertWidth(), shape.expertWidth()));
      writer.write(OwnLayout.experts(names, "down_proj"), downs);
      if (bias) {
        writer.write(OwnLayout.experts(names, "gate_up_bias"), pairs(gateBias, upBias, experts));
      }
      writeRouter(names, plan.router());
    }
    if (bias) {
      writer.write(OwnLayout.downBias(names), dense.tensor(names.mlp("down_proj", "bias")).bytes());
    }
  }

  /** For each expert the gate rows, then the up rows. */
  private static ByteBuffer[] pairs(StoredTensor gate, StoredTensor up, List<int[]> experts) {
    ByteBuffer[] parts = new ByteBuffer[2 * experts.size()];
    for (int e = 0; e < experts.size(); e++) {
      parts[2 * e] = NeuronRows.gather(gate, experts.get(e));
      parts[2 * e + 1] = NeuronRows.gather(up, experts.get(e));
    }
    return parts;
  }

  private void writeRouter(LayerNames names, Router router) {
    if (router instanceof Router.Linear linear) {
      writer.write(
          OwnLayout.router(names, "weight"), HalfFloats.fromFloats(linear.weight(), DType.F32));
      writer.write(
          OwnLayout.router(names, "bias"), HalfFloats.fromFloats(linear.bias(), DType.F32));
    } else if (router instanceof Router.Cmoe cmoe) {
      writer.write(
          OwnLayout.router(names, "gate_weight"), HalfFloats.fromFloats(cmoe.gate(), DType.F32));
      writer.write(
          OwnLayout.router(names, "up_weight"), HalfFloats.fromFloats(cmoe.up(), DType.F32));
    }
    writer.write(
        OwnLayout.router(names, "selection_bias"),
        HalfFloats.fromFloats(new float[shape.experts()], DType.F32));
  }

  private void copy(List<String> names) {
    for (String name : names) {
      writer.write(name, dense.tensor(name).parts(MOST_BYTES));
    }
  }

  /** Writes what follows the layers and the index; returns the digest of each file. */
  public SortedMap<String, String> finish() {
    copy(tensors.keptAfterLayers());
    return writer.finish();
  }

  @Override
  public void close() {
    writer.close();
  }
}
