package dev.cmoe.cli;

import java.util.StringJoiner;

/**
 * A flat or nested JSON object as text, for the few documents that the command line itself makes.
 * It spares failures the start of a JSON library.
 */
final class JsonObject {
  private final StringJoiner members = new StringJoiner(",", "{", "}");

  JsonObject put(String name, String value) {
    return member(name, value == null ? "null" : quoted(value));
  }

  JsonObject put(String name, long value) {
    return member(name, Long.toString(value));
  }

  JsonObject put(String name, JsonObject value) {
    return member(name, value.toString());
  }

  private JsonObject member(String name, String json) {
    members.add(quoted(name) + ":" + json);
    return this;
  }

  @Override
  public String toString() {
    return members.toString();
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ' || c == 0x7f || Character.isSurrogate(c)) {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
