package dev.cmoe.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Wraps kernel text as the archive that libtorch loads: a zip of stored entries with the code, a
 * pickled instance of class {@code K} whose only attribute is {@code training}, an empty constants
 * table and a version. So no Python is needed to build or run.
 */
final class KernelArchive {
  /**
   * Pickle protocol 2: class reference, empty tuple, new object, {"training": True}, build, stop.
   */
  private static final byte[] INSTANCE =
      concat(
          new byte[] {(byte) 0x80, 2},
          ascii("c__torch__\nK\n)"),
          new byte[] {(byte) 0x81},
          ascii("}X"),
          new byte[] {8, 0, 0, 0},
          ascii("training"),
          new byte[] {(byte) 0x88},
          ascii("sb."));

  private static final byte[] EMPTY_TUPLE = concat(new byte[] {(byte) 0x80, 2}, ascii(")."));

  private KernelArchive() {}

  static byte[] of(String code) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "k/data.pkl", INSTANCE);
      store(zip, "k/code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
      store(zip, "k/constants.pkl", EMPTY_TUPLE);
      store(zip, "k/version", ascii("3\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
