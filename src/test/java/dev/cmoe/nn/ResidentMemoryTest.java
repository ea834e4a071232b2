package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.engine.ComputeType;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResidentMemoryTest {
  /** Values of the matrices of a tiny model's two layers. */
  private static final int LAYERS = 2 * (2 * 16 * 12 + 2 * 8 * 12 + 3 * 16 * 12);

  private static final int TABLE = TinyModel.VOCABULARY * TinyModel.HIDDEN;

  @TempDir Path dir;
  private Decoder decoder;

  @AfterEach
  void close() {
    decoder.close();
  }

  @Test
  void weightsInTheComputeTypeStayInTheirFile() {
    new TinyModel().write(dir);

    assertThat(memory(ComputeType.FLOAT32).weights()).isZero();
  }

  @Test
  void weightsOfAnotherTypeAreCopiedButTheTableOfEmbeddings() {
    new TinyModel().write(dir);

    assertThat(memory(ComputeType.BFLOAT16).weights()).isEqualTo(2 * (LAYERS + TABLE));
  }

  @Test
  void aTableThatIsTheHeadIsCopiedOnce() {
    new TinyModel().tied().write(dir);

    assertThat(memory(ComputeType.BFLOAT16).weights()).isEqualTo(2 * (LAYERS + TABLE));
  }

  @Test
  void roomForMoreTokensIsRoomInTheCacheAndForTheirIds() {
    new TinyModel().write(dir);
    ResidentMemory memory = memory(ComputeType.FLOAT32);
    int cached = 2 * 2 * TinyModel.KEY_VALUE_HEADS * TinyModel.HEAD_DIM;

    long more = memory.sequences(3, 8, 20) - memory.sequences(3, 8, 10);

    assertThat(more).isEqualTo(3 * 10 * 4 * (cached + 1));
  }

  @Test
  void longerPromptsTakeMoreAtATime() {
    new TinyModel().write(dir);
    ResidentMemory memory = memory(ComputeType.FLOAT32);

    assertThat(memory.sequences(1, 30, 32)).isGreaterThan(memory.sequences(1, 10, 32));
  }

  private ResidentMemory memory(ComputeType type) {
    decoder = TinyModel.open(dir, type);
    return new ResidentMemory(decoder);
  }
}
