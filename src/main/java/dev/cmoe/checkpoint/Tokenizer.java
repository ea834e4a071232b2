package dev.cmoe.checkpoint;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.fasterxml.jackson.databind.JsonNode;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.NativeFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Text to token ids and back, by the rules of a local tokenizer.json. Never truncates or pads,
 * whatever that file says, and needs no network.
 */
public final class Tokenizer implements AutoCloseable {
  /** Half of a surrogate pair has no UTF-8 form. */
  private static final Pattern LONE_SURROGATE = Pattern.compile("\\p{Cs}");

  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  private final HuggingFaceTokenizer tokenizer;
  private final int vocabularySize;

  private Tokenizer(HuggingFaceTokenizer tokenizer, int vocabularySize) {
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
  }

  /** Loads {@code file}; BAD_INPUT when it is missing or not a tokenizer. */
  public static Tokenizer open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw CmoeException.badInput(
          file,
          "no such file, and text cannot be tokenized without it; copy it from the model, or save it"
              + " with transformers (AutoTokenizer.from_pretrained(..., use_fast=True))");
    }
    int size = vocabularySize(JsonFile.readObject(file));
    if (size == 0) {
      throw CmoeException.badInput(file, "has no vocabulary; copy or download it again");
    }
    requireLibrary();
    try (InputStream in = Files.newInputStream(file)) {
      return new Tokenizer(HuggingFaceTokenizer.newInstance(in, OPTIONS), size);
    } catch (IOException | RuntimeException e) {
      throw CmoeException.badInput(
          file, "is not a tokenizer that can be loaded (" + firstLine(e) + ")");
    }
  }

  /** The tokenizer of the bundled model, read from inside the program. */
  public static Tokenizer bundled() {
    requireLibrary();
    try {
      byte[] file = BundledModel.tokenizer();
      return new Tokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(file), OPTIONS),
          vocabularySize(JsonFile.MAPPER.readTree(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Loads the native library; when that fails it is no fault of a file. */
  private static void requireLibrary() {
    try {
      LibUtils.checkStatus();
    } catch (RuntimeException | LinkageError e) {
      NativeFailure why = NativeFailure.of(e, "set DJL_CACHE_DIR to another folder");
      // What it says when it could not unpack itself; the cause is only in its log.
      String reason =
          why.reason().startsWith("Unexpected flavor: cpu")
              ? "it could not be unpacked"
              : why.reason();
      throw CmoeException.resources(
          "the tokenizers library could not be loaded: " + reason + "; " + why.remedy(), e);
    }
  }

  /**
   * The ids of {@code text}, in time linear in its length.
   *
   * @param addSpecialTokens whether the tokenizer's template adds its marks, such as one for the
   *     beginning
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    String sound = LONE_SURROGATE.matcher(text).replaceAll("\uFFFD");
    // The public encode() also builds a string and a span per token: twice the time, and hundreds
    // of bytes of heap per token.
    TokenizersLibrary library = TokenizersLibrary.LIB;
    long encoding = library.encode(tokenizer.getHandle(), sound, addSpecialTokens);
    try {
      long[] ids = library.getTokenIds(encoding);
      int[] result = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        result[i] = (int) ids[i];
      }
      return result;
    } finally {
      library.deleteEncoding(encoding);
    }
  }

  /** The marks that the tokenizer's template sets before a text, such as one for the beginning. */
  public int[] prefix() {
    int[] plain = encode("a", false);
    int[] marked = encode("a", true);
    for (int start = 0; start + plain.length <= marked.length; start++) {
      if (Arrays.equals(marked, start, start + plain.length, plain, 0, plain.length)) {
        return Arrays.copyOf(marked, start);
      }
    }
    return new int[0];
  }

  /** The text of {@code ids}, without special tokens. */
  public String decode(int[] ids) {
    return decode(ids, true);
  }

  public String decode(int[] ids, boolean skipSpecialTokens) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    return tokenizer.decode(wide, skipSpecialTokens);
  }

  /** One more than the largest id, added tokens included. */
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  private static int vocabularySize(JsonNode file) {
    JsonNode vocabulary = file.path("model").path("vocab");
    int size = 0;
    if (vocabulary.isArray()) {
      size = vocabulary.size();
    } else {
      for (JsonNode id : vocabulary) {
        size = Math.max(size, id.asInt() + 1);
      }
    }
    for (JsonNode added : file.path("added_tokens")) {
      size = Math.max(size, added.path("id").asInt() + 1);
    }
    return size;
  }

  private static String firstLine(Exception e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return message.lines().findFirst().orElse("");
  }
}
