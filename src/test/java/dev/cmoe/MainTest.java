package dev.cmoe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.cli.CapturedConsole;
import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void returnsTheExitCodeAndPrintsToTheConsoleItIsGiven() {
    CapturedConsole captured = new CapturedConsole();
    assertThat(Main.run(captured.console(), "--version")).isZero();
    assertThat(captured.out()).startsWith("cmoe ");
    assertThat(Main.run(captured.console(), "nothing")).isEqualTo(2);
    assertThat(captured.err()).startsWith("cmoe: unknown command 'nothing'");
  }
}
