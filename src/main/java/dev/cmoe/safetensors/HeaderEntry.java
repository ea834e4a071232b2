package dev.cmoe.safetensors;

import dev.cmoe.run.CmoeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A tensor as a header states it: well-formed, otherwise unchecked.
 *
 * @param begin first byte, counted from the start of the data
 * @param end one past the last byte, counted likewise
 */
record HeaderEntry(String name, String dtype, List<Long> shape, long begin, long end) {
  private static final String METADATA = "__metadata__";

  /** Reads a whole header: the entries in its order, and its metadata into {@code metadata}. */
  static List<HeaderEntry> parse(JsonCursor json, Map<String, String> metadata) {
    List<HeaderEntry> entries = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    json.expect('{');
    if (!json.take('}')) {
      do {
        String name = json.string();
        if (!seen.add(name)) {
          throw json.error("a second entry for the tensor " + TensorSpec.quoted(name));
        }
        json.expect(':');
        if (name.equals(METADATA)) {
          parseMetadata(json, metadata);
        } else {
          entries.add(parseEntry(json, name));
        }
      } while (json.take(','));
      json.expect('}');
    }
    json.expectEnd();
    return entries;
  }

  private static void parseMetadata(JsonCursor json, Map<String, String> metadata) {
    json.expect('{');
    if (json.take('}')) {
      return;
    }
    do {
      String key = json.string();
      json.expect(':');
      if (metadata.put(key, json.string()) != null) {
        throw json.error("a second metadata entry " + TensorSpec.quoted(key));
      }
    } while (json.take(','));
    json.expect('}');
  }

  private static HeaderEntry parseEntry(JsonCursor json, String name) {
    Map<String, Object> fields = new HashMap<>();
    json.expect('{');
    do {
      String field = json.string();
      json.expect(':');
      Object value =
          switch (field) {
            case "dtype" -> json.string();
            case "shape", "data_offsets" -> integers(json);
            default -> throw fieldError(json, name, "an unknown field", field);
          };
      if (fields.put(field, value) != null) {
        throw fieldError(json, name, "a second field", field);
      }
    } while (json.take(','));
    json.expect('}');
    for (String field : List.of("dtype", "shape", "data_offsets")) {
      if (!fields.containsKey(field)) {
        throw fieldError(json, name, "no field", field);
      }
    }
    List<Long> offsets = longs(fields.get("data_offsets"));
    if (offsets.size() != 2) {
      throw json.error("the data_offsets of " + TensorSpec.quoted(name) + " are not two numbers");
    }
    return new HeaderEntry(
        name,
        (String) fields.get("dtype"),
        longs(fields.get("shape")),
        offsets.get(0),
        offsets.get(1));
  }

  private static CmoeException fieldError(JsonCursor json, String name, String what, String field) {
    return json.error(
        "the tensor " + TensorSpec.quoted(name) + " has " + what + " " + TensorSpec.quoted(field));
  }

  private static List<Long> integers(JsonCursor json) {
    List<Long> values = new ArrayList<>();
    json.expect('[');
    if (json.take(']')) {
      return values;
    }
    do {
      values.add(json.integer());
    } while (json.take(','));
    json.expect(']');
    return values;
  }

  private static List<Long> longs(Object value) {
    return ((List<?>) value).stream().map(Long.class::cast).toList();
  }
}
