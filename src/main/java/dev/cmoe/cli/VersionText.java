package dev.cmoe.cli;

import dev.cmoe.run.Versions;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints: all that a report of a defect needs. */
final class VersionText implements IVersionProvider {
  @Override
  public String[] getVersion() {
    Versions versions = Versions.current();
    return new String[] {
      "cmoe " + versions.cmoe(),
      "Java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
      "DJL " + versions.djl(),
      "libtorch " + versions.libtorch(),
      "ND4J " + versions.nd4j(),
      System.getProperty("os.name") + " " + System.getProperty("os.arch")
    };
  }
}
