package dev.cmoe.finetune;

import dev.cmoe.arch.DecoderLayout;
import dev.cmoe.engine.Kernel;
import dev.cmoe.engine.Scope;
import dev.cmoe.engine.Tensor;
import dev.cmoe.nn.Decoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The loss at a model's last hidden states, and its gradient there. Positions go through in chunks
 * and the vocabulary in slabs, so that logits take the same memory whatever the vocabulary and the
 * batch. Weights of the head stay as they are stored.
 */
final class LossHead implements AutoCloseable {
  /** Words that go through at a time. */
  static final int SLAB = 4096;

  /** Positions that go through at a time. */
  static final int POSITIONS = 512;

  /** Logits that the kernel works on at a time, rows of a slab. */
  static final long CACHED = 131072;

  /**
   * @param gradient at the hidden states [B,T,d]
   * @param entropy sum of cross-entropy over predicted positions, nats
   * @param divergence sum of KL from the teacher at the temperature, nats; 0 without a teacher
   */
  record Losses(Tensor gradient, double entropy, double divergence) {}

  private final Kernel kernel;
  private final Scope scope;
  private final Head student;
  private final Optional<Head> teacher;
  private final Distillation distillation;
  private final int slab;

  /** A final norm and output projection, as stored. */
  private record Head(
      Decoder decoder, List<Tensor> norm, Tensor weight, List<Tensor> bias, double cap) {
    static Head of(Decoder decoder, Scope scope) {
      DecoderLayout layout = decoder.config().layout();
      return new Head(
          decoder,
          decoder.norm(scope, layout.finalNorm()),
          decoder.weights().loadStored(scope, layout.head()),
          layout.headBias().stream().map(part -> decoder.weights().loadFloat(scope, part)).toList(),
          decoder.config().logitSoftCap());
    }

    double epsilon() {
      return decoder.config().norm().epsilon();
    }

    int scalarType() {
      return decoder.weights().type().scalarType();
    }
  }

  /**
   * @param slab words at a time
   */
  LossHead(Decoder student, Optional<Decoder> teacher, Distillation distillation, int slab) {
    this.kernel = student.engine().kernel(LossHead.class, "loss");
    this.scope = student.engine().scope();
    this.student = Head.of(student, scope);
    this.teacher = teacher.map(decoder -> Head.of(decoder, scope));
    this.distillation = distillation;
    this.slab = slab;
  }

  LossHead(Decoder student, Optional<Decoder> teacher, Distillation distillation) {
    this(student, teacher, distillation, SLAB);
  }

  /**
   * @param x hidden states after the last layer [B,T,d]
   * @param taught the teacher's [B,T,d'], where there is one
   * @param unit what the loss of a position is multiplied with
   */
  Losses losses(Scope into, Tensor x, Optional<Tensor> taught, List<int[]> windows, double unit) {
    double entropy = 0;
    double divergence = 0;
    try (Scope scratch = into.child()) {
      Tensor rows = student.decoder().rows(scratch, x);
      Optional<Tensor> taughtRows =
          taught.map(states -> teacher.orElseThrow().decoder().rows(scratch, states));
      int[] targets = targets(windows);
      List<Tensor> gradients = new ArrayList<>();
      for (int first = 0; first < targets.length; first += POSITIONS) {
        int count = Math.min(POSITIONS, targets.length - first);
        try (Scope chunk = scratch.child()) {
          Tensor[] both = chunk(chunk, rows, taughtRows, targets, first, count, unit);
          gradients.add(scratch.keep(both[0]));
          double[] sums = both[1].toDoubles();
          entropy += sums[0];
          divergence += sums[1];
        }
      }
      return new Losses(kernel.call(into, "joined", gradients, x), entropy, divergence);
    }
  }

  private Tensor[] chunk(
      Scope scratch,
      Tensor rows,
      Optional<Tensor> taughtRows,
      int[] targets,
      int first,
      int count,
      double unit) {
    List<Tensor> hints = new ArrayList<>();
    if (taughtRows.isPresent()) {
      Head head = teacher.orElseThrow();
      Tensor part = head.decoder().rows(scratch, taughtRows.get(), first, count);
      hints.add(
          kernel.call(scratch, "taught", part, head.norm(), head.epsilon(), head.scalarType()));
    }
    return kernel.differentiate(
        scratch,
        "gradient",
        student.decoder().rows(scratch, rows, first, count),
        scratch.of(Arrays.copyOfRange(targets, first, first + count)),
        student.norm(),
        student.epsilon(),
        student.weight(),
        student.bias(),
        student.cap(),
        hints,
        teacher.map(head -> List.of(head.weight())).orElse(List.of()),
        teacher.map(Head::bias).orElse(List.of()),
        teacher.map(Head::cap).orElse(0.),
        distillation.temperature(),
        hints.isEmpty() ? 0. : distillation.mix(),
        unit,
        slab,
        student.scalarType());
  }

  /** Sum of cross-entropy over predicted positions of hidden states [B,T,d], nats. */
  double entropy(Scope scratch, Tensor x, List<int[]> windows) {
    return entropy(scratch, student, x, windows);
  }

  /** The same of the teacher and its hidden states [B,T,d']. */
  double teacherEntropy(Scope scratch, Tensor x, List<int[]> windows) {
    return entropy(scratch, teacher.orElseThrow(), x, windows);
  }

  private double entropy(Scope scratch, Head head, Tensor x, List<int[]> windows) {
    double sum = 0;
    int[] targets = targets(windows);
    Tensor rows = head.decoder().rows(scratch, x);
    for (int first = 0; first < targets.length; first += POSITIONS) {
      int count = Math.min(POSITIONS, targets.length - first);
      try (Scope chunk = scratch.child()) {
        double[] nats =
            kernel
                .call(
                    chunk,
                    "surprise",
                    head.decoder().rows(chunk, rows, first, count),
                    chunk.of(Arrays.copyOfRange(targets, first, first + count)),
                    head.norm(),
                    head.epsilon(),
                    head.weight(),
                    head.bias(),
                    head.cap(),
                    slab,
                    head.scalarType())
                .toDoubles();
        sum += Arrays.stream(nats).sum();
      }
    }
    return sum;
  }

  /** The token after each position; -1 at the end of a window. */
  private static int[] targets(List<int[]> windows) {
    int length = windows.get(0).length;
    int[] targets = new int[windows.size() * length];
    for (int w = 0; w < windows.size(); w++) {
      System.arraycopy(windows.get(w), 1, targets, w * length, length - 1);
      targets[(w + 1) * length - 1] = -1;
    }
    return targets;
  }

  @Override
  public void close() {
    scope.close();
  }
}
