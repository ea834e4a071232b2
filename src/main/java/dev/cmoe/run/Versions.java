package dev.cmoe.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What this build of cmoe is made of, as the build wrote it down. */
public record Versions(String cmoe, String djl, String libtorch, String nd4j) {

  public static Versions current() {
    Properties built = new Properties();
    try (InputStream in = Versions.class.getResourceAsStream("versions.properties")) {
      built.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Versions(
        built.getProperty("cmoe"),
        built.getProperty("djl"),
        built.getProperty("libtorch"),
        built.getProperty("nd4j"));
  }
}
