package dev.cmoe.safetensors;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A safetensors file, open for reading. The whole header is checked on opening; tensor bytes are
 * memory maps made on demand and shared, so that opening costs no more than the header and reading
 * costs no copy. Buffers stay valid after {@link #close}. Safe for use by several threads.
 *
 * <p>The file must not shrink while it is open: the system kills readers of vanished pages.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** What the format allows. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  private static final int LENGTH_BYTES = Long.BYTES;
  private static final long WINDOW_BYTES = 1L << 30;

  private final Path path;
  private final FileChannel channel;
  private final long size;
  private final long dataStart;
  private final String headerSha256;
  private final Map<String, String> metadata;
  private final List<TensorInfo> tensors;
  private final Map<String, TensorInfo> byName = new LinkedHashMap<>();

  /** Window k spans {@code windowBytes} from k half windows on, so any half window fits one. */
  private final Map<Long, ByteBuffer> windows = new HashMap<>();

  private final long windowBytes;
  private boolean closed;

  private SafetensorsFile(Path path, FileChannel channel, long windowBytes) throws IOException {
    this.path = path;
    this.channel = channel;
    this.windowBytes = windowBytes;
    this.size = channel.size();
    ByteBuffer header = readHeader();
    this.dataStart = header.capacity();
    this.headerSha256 = Sha256.of(header.duplicate());
    Map<String, String> read = new TreeMap<>();
    byte[] json = new byte[header.capacity() - LENGTH_BYTES];
    header.get(LENGTH_BYTES, json);
    List<HeaderEntry> entries = HeaderEntry.parse(new JsonCursor(path, json, LENGTH_BYTES), read);
    this.metadata = Collections.unmodifiableMap(read);
    this.tensors = new DataLayout(path, dataStart, size).place(entries);
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
  }

  /** Opens and checks {@code path}; whatever is wrong with it is a BAD_INPUT failure. */
  public static SafetensorsFile open(Path path) {
    return open(path, WINDOW_BYTES);
  }

  static SafetensorsFile open(Path path, long windowBytes) {
    if (Files.isDirectory(path)) {
      throw CmoeException.badInput(path, "is a directory, not a safetensors file");
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      return new SafetensorsFile(path, channel, windowBytes);
    } catch (NoSuchFileException e) {
      throw CmoeException.badInput(path, "no such file");
    } catch (IOException e) {
      closeQuietly(channel);
      throw unreadable(path, e);
    } catch (RuntimeException e) {
      closeQuietly(channel);
      throw e;
    }
  }

  public Path path() {
    return path;
  }

  /** All tensors, by their place in the file. */
  public List<TensorInfo> tensors() {
    return tensors;
  }

  public Optional<TensorInfo> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The free-form part of the header, sorted by key; empty when there is none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The byte at which the data of the first tensor begins. */
  public long dataStart() {
    return dataStart;
  }

  /** The size of the file in bytes. */
  public long size() {
    return size;
  }

  /** The digest of everything before the data, in hexadecimal: names, types, shapes and places. */
  public String headerSha256() {
    return headerSha256;
  }

  /**
   * The bytes of a tensor of this file: read-only, little-endian, position 0, without a copy.
   *
   * @throws IllegalArgumentException for a tensor of 2 GiB or more; take {@link #rows} of it
   */
  public ByteBuffer bytes(TensorInfo tensor) {
    return slice(tensor.offset(), tensor.bytes());
  }

  /**
   * The bytes of rows {@code firstRow} to {@code firstRow + rowCount - 1} along the first
   * dimension, as {@link #bytes} gives them.
   *
   * @throws IllegalArgumentException for a scalar, or when the rows make 2 GiB or more
   */
  public ByteBuffer rows(TensorInfo tensor, long firstRow, long rowCount) {
    if (tensor.shape().isEmpty()) {
      throw new IllegalArgumentException(tensor.spec().quotedName() + " is a scalar");
    }
    long rows = tensor.shape().get(0);
    if (firstRow < 0 || rowCount < 0 || rowCount > rows - firstRow) {
      throw new IndexOutOfBoundsException(
          rowCount
              + " rows from "
              + firstRow
              + " of the "
              + rows
              + " of "
              + tensor.spec().quotedName());
    }
    long rowBytes = rows == 0 ? 0 : tensor.bytes() / rows;
    return slice(tensor.offset() + firstRow * rowBytes, rowCount * rowBytes);
  }

  @Override
  public synchronized void close() {
    closed = true;
    windows.clear();
    closeQuietly(channel);
  }

  /** How many windows are mapped. */
  synchronized int windowCount() {
    return windows.size();
  }

  private ByteBuffer readHeader() throws IOException {
    if (size < LENGTH_BYTES) {
      throw CmoeException.badInput(
          path,
          "has "
              + size
              + " bytes, too few for the 8-byte header length of a safetensors file;"
              + " copy or download it again");
    }
    ByteBuffer start = read(LENGTH_BYTES);
    if (StandardCharsets.ISO_8859_1.decode(start.duplicate()).toString().equals("version ")) {
      throw CmoeException.badInput(
          path, "is a Git LFS pointer, not the weights; run 'git lfs pull' where it came from");
    }
    long length = start.order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    String stated = "the header length at byte 0 is " + Long.toUnsignedString(length) + " bytes";
    if (length < 0 || length > MAX_HEADER_BYTES) {
      throw CmoeException.badInput(
          path,
          stated
              + ", above the limit of "
              + MAX_HEADER_BYTES
              + "; this is not a safetensors file, or it is damaged");
    }
    if (length > size - LENGTH_BYTES) {
      throw CmoeException.badInput(
          path,
          stated
              + ", but the file has only "
              + size
              + ": "
              + (length - (size - LENGTH_BYTES))
              + " bytes of the header are missing; copy or download it again");
    }
    return read(LENGTH_BYTES + Math.toIntExact(length));
  }

  private ByteBuffer read(int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, buffer.position()) < 0) {
        throw new IOException("the file ended at byte " + buffer.position());
      }
    }
    return buffer.flip();
  }

  private synchronized ByteBuffer slice(long offset, long length) {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    if (length > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(length + " bytes do not fit one buffer");
    }
    if (offset < dataStart || length > size - offset) {
      throw new IllegalArgumentException("no tensor of " + path);
    }
    long half = windowBytes / 2;
    if (length > half) {
      // Few tensors are this large, so a map of its own does no harm; the collector frees it.
      return map(offset, length).order(ByteOrder.LITTLE_ENDIAN);
    }
    long index = offset / half;
    long start = index * half;
    ByteBuffer window =
        windows.computeIfAbsent(index, k -> map(start, Math.min(windowBytes, size - start)));
    return window
        .slice(Math.toIntExact(offset - start), (int) length)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer map(long offset, long length) {
    try {
      return channel.map(MapMode.READ_ONLY, offset, length);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static CmoeException unreadable(Path path, IOException e) {
    return new CmoeException(
        FailureKind.BAD_INPUT,
        path + ": cannot be read (" + e.getMessage() + "); check the file and its permissions",
        e);
  }

  private static void closeQuietly(FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // Nothing was written, so nothing is lost.
      }
    }
  }
}
