package dev.cmoe.job.doctor;

import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Folders that the program writes to: whether it can, and how much room they have. */
final class DiskCheck {
  /** A file of this size is written and deleted. */
  private static final int PROBE = 1 << 16;

  /** What is unpacked below the home directory, with some room. */
  private static final long NATIVES = 1L << 30;

  private DiskCheck() {}

  /**
   * What trying a folder gave.
   *
   * @param existing the folder itself, or the nearest above it that exists
   * @param trouble why nothing can be written there; empty when it can
   * @param free bytes that can be written; -1 where the system does not tell
   */
  record Place(Path existing, Optional<String> trouble, long free) {
    static Place of(Path folder) {
      Path existing = folder.toAbsolutePath().normalize();
      while (!Files.exists(existing) && existing.getParent() != null) {
        existing = existing.getParent();
      }
      return new Place(existing, trouble(existing), free(existing));
    }

    private static Optional<String> trouble(Path folder) {
      if (!Files.isDirectory(folder)) {
        return Optional.of(folder + " is a file");
      }
      Path probe = null;
      try {
        probe = Files.createTempFile(folder, ".cmoe-doctor-", null);
        Files.write(probe, new byte[PROBE]);
        return Optional.empty();
      } catch (IOException | SecurityException e) {
        return Optional.of(folder + " cannot be written (" + e.getClass().getSimpleName() + ")");
      } finally {
        delete(probe);
      }
    }

    private static void delete(Path probe) {
      try {
        if (probe != null) {
          Files.deleteIfExists(probe);
        }
      } catch (IOException e) {
        // It holds nothing, and its name says whose it is.
      }
    }

    private static long free(Path folder) {
      try {
        return Files.getFileStore(folder).getUsableSpace();
      } catch (IOException e) {
        return -1;
      }
    }

    private String room() {
      return free < 0 ? "free space not known" : (free >> 20) + " MB free";
    }

    private Check with(Check check, Path folder) {
      return check
          .with("path", folder.toAbsolutePath().normalize().toString())
          .with("writable", trouble.isEmpty())
          .with("freeBytes", free);
    }
  }

  /**
   * Where outputs will be.
   *
   * @param named the folder that was asked about; empty for the working directory, which need not
   *     be the place of any output
   */
  static Check outputs(Optional<Path> named) {
    Path folder = named.orElse(Path.of(""));
    Place place = Place.of(folder);
    String at = folder.toAbsolutePath().normalize().toString();
    Check check;
    if (place.trouble().isPresent()) {
      String found = at + ": " + place.trouble().get();
      String remedy = "choose another place for outputs";
      check =
          named.isPresent()
              ? Check.failed("outputs", FailureKind.RESOURCES, found, remedy)
              : Check.warning("outputs", found, remedy);
    } else {
      check = Check.ok("outputs", at + ": can be written, " + place.room());
    }
    return place.with(check, folder);
  }

  /** The folder of temporary files. */
  static Check temporary(Path folder) {
    Place place = Place.of(folder);
    boolean there = Files.isDirectory(folder);
    Check check =
        there && place.trouble().isEmpty()
            ? Check.ok("temporary files", folder + ": can be written, " + place.room())
            : Check.warning(
                "temporary files",
                folder + ": " + place.trouble().orElse("is not there"),
                "CMOE_JAVA_OPTS=-Djava.io.tmpdir=DIR names another place");
    return place.with(check, folder);
  }

  /**
   * A folder that something inside the program is unpacked into once.
   *
   * @param remedy how it is moved
   */
  static Check cache(String name, Path folder, String remedy) {
    Place place = Place.of(folder);
    boolean there = Files.isDirectory(folder);
    Check check;
    if (place.trouble().isPresent()) {
      String found = folder + ": " + place.trouble().get();
      check =
          Check.warning(
              name, there ? found + "; only what is there already can be used" : found, remedy);
    } else if (!there && place.free() >= 0 && place.free() < NATIVES) {
      check =
          Check.warning(
              name,
              folder + ": nothing unpacked yet, " + place.room(),
              "up to 450 MB are unpacked here: free some, or " + remedy);
    } else {
      check = Check.ok(name, folder + ": can be written, " + place.room());
    }
    return place.with(check, folder);
  }
}
