package dev.cmoe.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a kernel in a resource, complete for this machine: a line {@code # include NAME}
 * stands for the methods in NAME.py beside it (or, when NAME begins with a slash, in another room),
 * the word {@code WIDEN} for whether bfloat16 products of many rows go through float32.
 */
final class KernelText {
  private static final Pattern INCLUDE = Pattern.compile("(?m)^ *# include ([\\w/]+)$");

  private KernelText() {}

  /**
   * The text in {@code name + ".py"} beside {@code room}.
   *
   * @param widen what {@code WIDEN} stands for
   */
  static String of(Class<?> room, String name, boolean widen) {
    return INCLUDE
        .matcher(read(room, name))
        .replaceAll(match -> Matcher.quoteReplacement(read(room, match.group(1))))
        .replaceAll("\\bWIDEN\\b", widen ? "True" : "False");
  }

  private static String read(Class<?> room, String name) {
    String resource = name + ".py";
    try (InputStream text = room.getResourceAsStream(resource)) {
      if (text == null) {
        throw new IllegalStateException("no kernel " + resource + " beside " + room.getName());
      }
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
