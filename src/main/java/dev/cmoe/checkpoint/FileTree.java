package dev.cmoe.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A directory with all that is below it, to be deleted or forced to disk as one. */
final class FileTree {
  private FileTree() {}

  /** Deletes {@code root} and all below it; links are deleted, not followed. */
  static void delete(Path root) throws IOException {
    if (Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
        for (Path entry : entries) {
          delete(entry);
        }
      } catch (NoSuchFileException e) {
        return;
      }
    }
    Files.deleteIfExists(root);
  }

  static void deleteQuietly(Path root) {
    try {
      delete(root);
    } catch (IOException e) {
      // A hidden leftover; the next run into the same place tries again.
    }
  }

  /** Returns once the disk has all files below {@code root}, and their names. */
  static void force(Path root) throws IOException {
    if (Files.isDirectory(root)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
        for (Path entry : entries) {
          force(entry);
        }
      }
    }
    if (Files.isDirectory(root) || !Files.isWritable(root)) {
      forceReadOnly(root);
    } else {
      try (FileChannel channel = FileChannel.open(root, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }
  }

  /** As far as the system allows it for what is not open for writing, such as a directory. */
  static void forceReadOnly(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every system allows it; the rename is atomic all the same.
    }
  }
}
