package dev.cmoe.job;

import dev.cmoe.carve.PlanHeader;
import dev.cmoe.checkpoint.Manifest;
import dev.cmoe.nn.Decoder;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Which dense model a plan is for: a digest of its configuration and of its weight files' headers.
 */
final class Fingerprints {
  private Fingerprints() {}

  static String of(Decoder dense) {
    Manifest.Input input = Manifest.Input.of(dense.checkpoint());
    String text = input.configSha256() + input.headerSha256();
    return Sha256.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  static void require(PlanHeader plan, Decoder dense, Path file) {
    if (plan.layers() != dense.config().layers()
        || plan.hidden() != dense.config().hidden()
        || plan.intermediate() != dense.config().intermediate()) {
      throw CmoeException.badInput(
          file,
          "is a plan for %d layers of %d x %d; the model has %d of %d x %d"
              .formatted(
                  plan.layers(),
                  plan.hidden(),
                  plan.intermediate(),
                  dense.config().layers(),
                  dense.config().hidden(),
                  dense.config().intermediate()));
    }
    if (!plan.fingerprint().equals(of(dense))) {
      throw CmoeException.badInput(
          file, "is a plan for another model: configuration or tensors differ");
    }
  }
}
