package dev.cmoe.engine;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.Versions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where libtorch comes from. DJL 0.35.1 takes the first folder in PYTORCH_LIBRARY_PATH that holds
 * the library, and says nothing when none does and it takes the copy inside the program.
 */
public sealed interface LibtorchSource {
  /** A list of folders, or of libtorch files, of a torch that is installed. */
  String PATH = "PYTORCH_LIBRARY_PATH";

  /** Which bridge between Java and libtorch DJL loads: cpu or cu128. */
  String FLAVOR = "PYTORCH_FLAVOR";

  /**
   * The copy inside the program.
   *
   * @param ignored what PYTORCH_LIBRARY_PATH says when no libtorch is there
   */
  record Bundled(Optional<String> ignored) implements LibtorchSource {
    @Override
    public void prepare() {
      // DJL knows what to do.
    }
  }

  /**
   * A torch that PYTORCH_LIBRARY_PATH names.
   *
   * @param folder with the libraries
   * @param version as it says itself, such as {@code 2.7.1+cu126}; empty where it does not
   */
  record Installed(Path folder, Optional<String> version) implements LibtorchSource {

    /** Whether it was built for CUDA. */
    public boolean cuda() {
      return Files.exists(folder.resolve(System.mapLibraryName("torch_cuda")));
    }

    @Override
    public void prepare() {
      String needed = Versions.current().libtorch();
      String found = version.map(text -> text.replaceFirst("[+].*", "")).orElse(needed);
      if (!found.equals(needed)) {
        // Loading it would end the process with a segmentation fault.
        throw CmoeException.resources(
            PATH
                + ": "
                + folder
                + " has torch "
                + version.orElse(found)
                + ", and cmoe works with "
                + needed
                + " only; install torch=="
                + needed
                + ", or unset "
                + PATH);
      }
      if (given(FLAVOR).isEmpty()) {
        // What DJL takes by default is not inside its jar.
        boolean gpu = cuda() && NvidiaDriver.find().isPresent();
        System.setProperty(FLAVOR, gpu ? "cu128" : "cpu");
      }
      // DJL counts GPUs through JNA, which does not look where pip puts the CUDA runtime.
      Path runtime = folder.resolve("../../nvidia/cuda_runtime/lib").normalize();
      if (System.getProperty("jna.library.path") == null && Files.isDirectory(runtime)) {
        System.setProperty("jna.library.path", runtime.toString());
      }
    }
  }

  /**
   * Settles, before libtorch is loaded, what DJL would get wrong.
   *
   * @throws CmoeException of kind RESOURCES when this libtorch cannot work
   */
  void prepare();

  /** What this process will load. */
  static LibtorchSource find() {
    return find(name -> given(name).orElse(null));
  }

  /**
   * @param setting an environment variable, or the system property of that name
   */
  static LibtorchSource find(UnaryOperator<String> setting) {
    String path = setting.apply(PATH);
    if (path == null) {
      return new Bundled(Optional.empty());
    }
    String library = System.mapLibraryName("torch");
    for (String entry : path.split(File.pathSeparator)) {
      Path place = Path.of(entry);
      boolean itself = Files.isRegularFile(place) && place.endsWith(library);
      if (itself || Files.isRegularFile(place.resolve(library))) {
        Path folder = (itself ? place.toAbsolutePath().getParent() : place).toAbsolutePath();
        return new Installed(folder, version(folder));
      }
    }
    return new Bundled(Optional.of(path));
  }

  private static Optional<String> given(String name) {
    String variable = System.getenv(name);
    String value = variable == null ? System.getProperty(name) : variable;
    return Optional.ofNullable(value).filter(text -> !text.isBlank());
  }

  /** Of a pip package from its version.py, of libtorch's zip from its build-version. */
  private static Optional<String> version(Path folder) {
    Path home = folder.toAbsolutePath().normalize().getParent();
    if (home == null) {
      return Optional.empty();
    }
    try {
      if (Files.isReadable(home.resolve("version.py"))) {
        Matcher version =
            Pattern.compile("(?m)^__version__ = '([^']+)'")
                .matcher(Files.readString(home.resolve("version.py")));
        return version.find() ? Optional.of(version.group(1)) : Optional.empty();
      }
      if (Files.isReadable(home.resolve("build-version"))) {
        return Optional.of(Files.readString(home.resolve("build-version")).strip());
      }
    } catch (IOException e) {
      // As where it does not say.
    }
    return Optional.empty();
  }
}
