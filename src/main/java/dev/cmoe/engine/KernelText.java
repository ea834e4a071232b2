package dev.cmoe.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a kernel, complete for this machine. Resources hold methods alone, so that one can
 * take in another: a line {@code # include NAME} stands for the methods in NAME.py beside it (or,
 * when NAME begins with a slash, in another room), once however often it is asked for. Words in
 * capitals stand for ways of multiplying ({@link Products}). In this dialect {@code and} binds no
 * tighter than {@code or}.
 */
final class KernelText {
  private static final Pattern INCLUDE = Pattern.compile("(?m)^ *# include ([\\w/]+)$");

  private static final String HEAD =
      """
      class K(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool

      """;

  private final Class<?> room;
  private final Set<String> included = new HashSet<>();

  private KernelText(Class<?> room) {
    this.room = room;
  }

  /** The text in {@code name + ".py"} beside {@code room}. */
  static String of(Class<?> room, String name, Products products) {
    return products.in(HEAD + new KernelText(room).methods(name));
  }

  private String methods(String name) {
    return included.add(name)
        ? INCLUDE
            .matcher(read(room, name))
            .replaceAll(match -> Matcher.quoteReplacement(methods(match.group(1))))
        : "";
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
