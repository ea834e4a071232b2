package dev.cmoe.job;

import dev.cmoe.checkpoint.HalfFloats;
import dev.cmoe.engine.Scope;
import dev.cmoe.nn.Decoder;
import dev.cmoe.recipe.RuntimeSpec;
import dev.cmoe.run.CmoeException;
import dev.cmoe.safetensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** {@code cmoe logits}: raw logits of given token ids, for comparison with other software. */
public final class LogitsJob {
  private LogitsJob() {}

  /**
   * @param tokens rows written
   * @param vocabulary columns written
   */
  public record Result(int tokens, int vocabulary) {}

  /** Writes float32 little-endian logits [tokens, vocabulary] to {@code output}. */
  public static Result run(String model, List<Integer> tokens, Path output, RuntimeSpec runtime) {
    try (Session session = new Session(runtime);
        Decoder decoder = session.open(model);
        Scope scope = session.engine().scope()) {
      int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
      float[] logits =
          decoder.logits(scope, decoder.rows(scope, decoder.run(scope, ids))).toFloats();
      ByteBuffer bytes = HalfFloats.fromFloats(logits, DType.F32);
      try (FileChannel file =
          FileChannel.open(
              output,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
      } catch (IOException e) {
        throw CmoeException.resources(output + ": cannot be written (" + e.getMessage() + ")", e);
      }
      return new Result(ids.length, decoder.config().vocabulary());
    }
  }
}
