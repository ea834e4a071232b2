package dev.cmoe.safetensors;

import dev.cmoe.run.CmoeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes one safetensors file as a stream: the header from the specs, then each tensor in their
 * order, hashed on the way. A writer that is closed before its last tensor deletes its file, so an
 * unfinished file never looks complete.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** The data begin on this boundary. */
  private static final int ALIGNMENT = 64;

  /** Bounds the direct buffer that the channel keeps for heap buffers. */
  private static final int STEP_BYTES = 1 << 22;

  private final Path path;
  private final List<TensorSpec> specs;
  private final FileChannel channel;
  private final Sha256 digest = new Sha256();
  private int next;
  private boolean failed;
  private long size;
  private String sha256;

  private SafetensorsWriter(Path path, List<TensorSpec> specs, FileChannel channel) {
    this.path = path;
    this.specs = specs;
    this.channel = channel;
  }

  /**
   * Creates or replaces {@code path} and writes its header.
   *
   * @param specs the tensors in the order in which they will be written, names distinct
   * @param metadata such as {@code {"format": "pt"}}; written sorted by key
   * @throws CmoeException RESOURCES when the file cannot be written
   */
  public static SafetensorsWriter create(
      Path path, List<TensorSpec> specs, Map<String, String> metadata) {
    ByteBuffer header = header(specs, metadata);
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              path,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
    SafetensorsWriter writer = new SafetensorsWriter(path, List.copyOf(specs), channel);
    try {
      writer.append(header);
      writer.seal();
      return writer;
    } catch (RuntimeException e) {
      writer.close();
      throw e;
    }
  }

  public Path path() {
    return path;
  }

  /**
   * Writes the next tensor from the remaining bytes of {@code parts}, one after the other. The
   * buffers keep their positions.
   *
   * @throws IllegalStateException when another tensor is due
   * @throws IllegalArgumentException when the parts have not exactly the bytes of the tensor
   * @throws CmoeException RESOURCES when the disk does not take it
   */
  public void write(String name, ByteBuffer... parts) {
    if (next == specs.size() || !specs.get(next).name().equals(name)) {
      String due = next == specs.size() ? "no tensor" : specs.get(next).quotedName();
      throw new IllegalStateException(
          path + ": " + due + " is due, not " + TensorSpec.quoted(name));
    }
    TensorSpec spec = specs.get(next);
    long given = 0;
    for (ByteBuffer part : parts) {
      given += part.remaining();
    }
    if (given != spec.bytes()) {
      throw new IllegalArgumentException(
          path + ": " + spec.quotedName() + " has " + spec.bytes() + " bytes, given " + given);
    }
    for (ByteBuffer part : parts) {
      append(part);
    }
    next++;
    seal();
  }

  /** Bytes written so far; in the end the size of the file. */
  public long size() {
    return size;
  }

  /** The digest of the whole file, once the last tensor is written. */
  public String sha256() {
    if (sha256 == null) {
      throw new IllegalStateException(path + " is not complete");
    }
    return sha256;
  }

  /** Closes the file, and deletes it unless every tensor was written. */
  @Override
  public void close() {
    try {
      channel.close();
      if (sha256 == null || failed) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private void seal() {
    if (next == specs.size()) {
      sha256 = digest.hex();
    }
  }

  private void append(ByteBuffer part) {
    ByteBuffer rest = part.duplicate();
    try {
      while (rest.hasRemaining()) {
        int step = Math.min(STEP_BYTES, rest.remaining());
        ByteBuffer piece = rest.slice(rest.position(), step);
        digest.update(piece.duplicate());
        while (piece.hasRemaining()) {
          channel.write(piece);
        }
        rest.position(rest.position() + step);
        size += step;
      }
    } catch (IOException e) {
      failed = true;
      throw unwritable(path, e);
    }
  }

  private static ByteBuffer header(List<TensorSpec> specs, Map<String, String> metadata) {
    StringBuilder json = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      json.append("\"__metadata__\":{");
      new TreeMap<>(metadata)
          .forEach(
              (key, value) -> {
                quote(json, key).append(':');
                quote(json, value).append(',');
              });
      json.setCharAt(json.length() - 1, '}');
      json.append(',');
    }
    Set<String> names = new HashSet<>(Set.of("__metadata__"));
    long offset = 0;
    for (TensorSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException(spec.quotedName() + " cannot be written twice");
      }
      long end = Math.addExact(offset, spec.bytes());
      quote(json, spec.name())
          .append(":{\"dtype\":\"")
          .append(spec.dtype())
          .append("\",\"shape\":")
          .append(spec.shape().toString().replace(" ", ""))
          .append(",\"data_offsets\":[")
          .append(offset)
          .append(',')
          .append(end)
          .append("]},");
      offset = end;
    }
    if (json.length() > 1) {
      json.setLength(json.length() - 1);
    }
    byte[] text = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    int padded = (Long.BYTES + text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer header = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(padded - Long.BYTES).put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static StringBuilder quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < 0x20) {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"');
  }

  private static CmoeException unwritable(Path path, IOException e) {
    return CmoeException.resources(
        path + ": cannot be written (" + e.getMessage() + "); free some disk or choose another", e);
  }
}
