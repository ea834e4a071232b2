package dev.cmoe;

import dev.cmoe.cli.Cli;
import dev.cmoe.cli.Console;
import dev.cmoe.cli.LiveWorkshop;

/** Entry point. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    // The engine reads this when its first class is initialised; it then opens no connection.
    System.setProperty("ai.djl.offline", "true");
    System.exit(new Cli(new LiveWorkshop(), Console.takeOver()).runProcess(args));
  }

  /** Runs one command and returns its exit code; {@code console} receives what it prints. */
  static int run(Console console, String... args) {
    return new Cli(new LiveWorkshop(), console).run(args);
  }
}
