package dev.cmoe.job;

import dev.cmoe.checkpoint.Vocabulary;
import dev.cmoe.nn.Decoder;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.RunListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Two models say the same with the same token ids. */
final class SameVocabulary {
  private SameVocabulary() {}

  /**
   * @param listener hears when one of them has no tokenizer, so that only the sizes were compared
   * @throws CmoeException of kind BAD_INPUT naming the first difference
   */
  static void require(Decoder model, Decoder against, RunListener listener) {
    require(model, against, "--against", listener);
  }

  /**
   * The same.
   *
   * @param option that named the other model
   */
  static void require(Decoder model, Decoder against, String option, RunListener listener) {
    Path first = model.checkpoint().directory();
    Path second = against.checkpoint().directory();
    int size = model.config().vocabulary();
    int other = against.config().vocabulary();
    if (size != other) {
      throw CmoeException.badInput(
          "vocabularies differ: %s has %d tokens, %s has %d; %s takes the model that %1$s was carved from"
              .formatted(first, size, second, other, option));
    }
    Path mine = first.resolve("tokenizer.json");
    Path theirs = second.resolve("tokenizer.json");
    for (Path file : new Path[] {mine, theirs}) {
      if (!Files.exists(file)) {
        listener.note(file + " is not there, so the vocabularies were not compared");
        return;
      }
    }
    if (sameBytes(mine, theirs)) {
      return;
    }
    Vocabulary.read(mine)
        .difference(Vocabulary.read(theirs))
        .ifPresent(
            difference -> {
              throw CmoeException.badInput(
                  "tokenizers differ: %s and %s: %s; %s takes the model that %s was carved from"
                      .formatted(mine, theirs, difference, option, first));
            });
  }

  private static boolean sameBytes(Path one, Path other) {
    try {
      return Files.mismatch(one, other) < 0;
    } catch (IOException e) {
      throw CmoeException.badInput(other, "cannot be read (" + e.getMessage() + ")");
    }
  }
}
