package dev.cmoe.run;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why a native library could not be loaded, read from what the loader threw, and what to do about
 * it.
 *
 * @param reason one line: the innermost message that says something
 * @param remedy what a user can do
 */
public record NativeFailure(String reason, String remedy) {
  private record Symptom(Pattern pattern, String remedy) {}

  /** The first that is found counts. CACHE stands for how the library's cache is moved. */
  private static final List<Symptom> SYMPTOMS =
      List.of(
          symptom(
              "version [`']?(GLIBC|GLIBCXX|CXXABI)_",
              "the system's C or C++ library is too old: use a newer Linux, such as one of 2021 or"
                  + " later"),
          symptom(
              "ld-linux|libc\\.musl|Error relocating|Error loading shared library",
              "the libraries need glibc, which Alpine and other musl systems lack: use a Linux with"
                  + " glibc, such as Debian or Fedora"),
          symptom(
              "libcuda\\.so",
              "the NVIDIA driver is not there: install it, in a container start with GPUs, or set"
                  + " PYTORCH_FLAVOR=cpu"),
          symptom(
              "failed to map segment|Operation not permitted",
              "the cache lies where programs must not be run (noexec): CACHE"),
          symptom(
              "file too short|invalid ELF header|file truncated|not a valid",
              "the unpacked copy is damaged: delete it, and it is unpacked again"),
          symptom(
              "undefined symbol",
              "libraries of two versions meet: unset PYTORCH_LIBRARY_PATH, or let it name torch of"
                  + " the version that cmoe is built for"),
          symptom("For input string", "unset OMP_NUM_THREADS, or set it to one number"),
          symptom(
              "wrong ELF class|incompatible architecture|Exec format|not found in classpath: jnilib",
              "cmoe was built for another platform, or PYTORCH_FLAVOR is neither cpu nor cu128"),
          symptom(
              "Offline mode|Failed to download|Failed to save .* index",
              "cmoe downloads nothing: unset PYTORCH_VERSION and PYTORCH_FLAVOR"),
          symptom("No space left|Disk quota", "the disk is full: free some, or CACHE"),
          symptom(
              "AccessDenied|Permission denied|Read-only|NoSuchFile|NotDirectory|Not a directory"
                  + "|FileAlreadyExists|Cannot copy jni files|Unexpected flavor: cpu"
                  + "|Could not create the cache|cachedir",
              "the cache cannot be written: CACHE"),
          symptom(
              "cannot open shared object file",
              "a library of the system is missing: install the package that has it"));

  private static final Pattern MESSAGE_OF_LOADER = Pattern.compile("^\\S+: (\\S*/\\S+: .*)$");

  /**
   * @param cache how to move the cache that this library is unpacked into, as an order
   */
  public static NativeFailure of(Throwable failure, String cache) {
    StringBuilder all = new StringBuilder();
    Throwable deepest = failure;
    for (Throwable at = failure; at != null; at = at.getCause() == at ? null : at.getCause()) {
      all.append(at).append('\n');
      if (at.getMessage() != null) {
        deepest = at;
      }
    }
    String remedy =
        SYMPTOMS.stream()
            .filter(symptom -> symptom.pattern().matcher(all).find())
            .findFirst()
            .map(Symptom::remedy)
            .orElse("cmoe doctor -vv logs more, and the README has the requirements");
    return new NativeFailure(line(deepest), remedy.replace("CACHE", cache));
  }

  /** The message; with the kind of failure where it is no more than a path. */
  private static String line(Throwable failure) {
    String message = failure.getMessage() == null ? "" : failure.getMessage();
    message = message.strip().replaceAll("\\s*\\R\\s*", " ").replaceFirst("[.;]$", "");
    if (message.isEmpty() || !message.contains(" ")) {
      return failure.getClass().getSimpleName() + (message.isEmpty() ? "" : ": " + message);
    }
    // The loader says the path twice.
    Matcher twice = MESSAGE_OF_LOADER.matcher(message);
    return twice.matches() ? twice.group(1) : message;
  }

  private static Symptom symptom(String pattern, String remedy) {
    return new Symptom(Pattern.compile(pattern, Pattern.CASE_INSENSITIVE), remedy);
  }
}
