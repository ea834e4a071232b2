package dev.cmoe.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command prints.
 *
 * @param out results only
 * @param err everything else
 * @param terminal what {@code err} goes to
 */
public record Console(PrintStream out, PrintStream err, Terminal terminal) {

  /**
   * The console of this process, in UTF-8. From here on whatever else prints to {@code System.out},
   * a library for one, lands on stderr, so that stdout stays a result.
   */
  public static Console takeOver() {
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    System.setOut(err);
    System.setErr(err);
    return new Console(out, err, Terminal.detect(System::getProperty, System::getenv));
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
