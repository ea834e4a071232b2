package dev.cmoe.recipe;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A recipe as YAML text. Strict: unknown keys, duplicate keys, aliases and values of the wrong type
 * or range are bad input, named with file and line. A key without a value counts as not given.
 */
final class RecipeFile {
  private final Path file;
  private final YAMLParser parser;
  private final List<SettingValue<?>> values = new ArrayList<>();

  private RecipeFile(Path file, YAMLParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /**
   * The values that {@code file} gives, in its order.
   *
   * @throws CmoeException if it cannot be read or is not a recipe
   */
  static List<SettingValue<?>> read(Path file) {
    String text = text(file);
    try (YAMLParser parser =
        YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build()
            .createParser(text)) {
      return new RecipeFile(file, parser).document();
    } catch (JacksonException e) {
      int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
      throw CmoeException.badInput(file + ":" + line + ": " + firstLine(e));
    } catch (IOException e) {
      throw CmoeException.badInput(file, "cannot be read as YAML: " + e.getMessage());
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw CmoeException.badInput(file, "no such recipe file");
    } catch (CharacterCodingException e) {
      throw CmoeException.badInput(file, "is not UTF-8 text");
    } catch (IOException e) {
      throw CmoeException.badInput(
          file, Files.isDirectory(file) ? "is a directory, not a recipe file" : "cannot be read");
    }
  }

  private static String firstLine(JacksonException e) {
    String message = e.getOriginalMessage();
    String first = message.lines().filter(line -> !line.isBlank()).findFirst().orElse("not YAML");
    return first.startsWith("Duplicate field")
        ? first.replace("Duplicate field", "duplicate key")
        : "not valid YAML: " + first.strip();
  }

  private List<SettingValue<?>> document() throws IOException {
    JsonToken token = parser.nextToken();
    if (token == null || token == JsonToken.VALUE_NULL) {
      return values;
    }
    if (token != JsonToken.START_OBJECT) {
      throw bad("a recipe is a list of 'key: value' lines");
    }
    section("");
    if (parser.nextToken() != null) {
      throw bad("a recipe is one YAML document, and here begins another");
    }
    return values;
  }

  /** Reads the keys of the open mapping, whose own dotted name ends {@code prefix}. */
  private void section(String prefix) throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = prefix + parser.currentName();
      Origin.Line origin = here();
      JsonToken token = parser.nextToken();
      if (parser.isCurrentAlias()) {
        throw bad(key + ": aliases are not supported in recipes");
      }
      List<String> below = Settings.keysOf(key);
      if (!below.isEmpty()) {
        if (token == JsonToken.START_OBJECT) {
          section(key + ".");
        } else if (!isAbsent(token)) {
          throw bad(key + " is a section (" + String.join(", ", below) + "), not a value");
        }
        continue;
      }
      Setting<?> setting =
          Settings.find(key)
              .orElseThrow(() -> CmoeException.badInput(origin + ": " + Settings.unknown(key)));
      if (isAbsent(token)) {
        continue;
      }
      values.add(SettingValue.read(setting, words(setting, token), origin));
    }
  }

  /** Whether nothing, {@code ~} or {@code null} stands after the key. */
  private boolean isAbsent(JsonToken token) throws IOException {
    return token == JsonToken.VALUE_NULL
        || token == JsonToken.VALUE_STRING && parser.getText().isEmpty();
  }

  private List<String> words(Setting<?> setting, JsonToken token) throws IOException {
    if (token.isScalarValue()) {
      return List.of(parser.getText());
    }
    if (token == JsonToken.START_OBJECT) {
      throw bad(setting.key() + " takes a value, not a section");
    }
    if (!setting.type().list()) {
      throw bad(setting.key() + " takes a single value, not a list");
    }
    List<String> words = new ArrayList<>();
    for (JsonToken item = parser.nextToken();
        item != JsonToken.END_ARRAY;
        item = parser.nextToken()) {
      if (!item.isScalarValue() || item == JsonToken.VALUE_NULL || parser.isCurrentAlias()) {
        throw bad(setting.key() + " takes a list of plain values");
      }
      words.add(parser.getText());
    }
    return words;
  }

  private Origin.Line here() {
    return new Origin.Line(file, parser.currentTokenLocation().getLineNr());
  }

  private CmoeException bad(String what) {
    return CmoeException.badInput(here() + ": " + what);
  }
}
