package dev.cmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.run.RunEvent;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final RunEvent START = new RunEvent.StageStarted("carving", "layers", 22);

  private long now;

  private void seconds(double seconds) {
    now += (long) (seconds * 1e9);
  }

  @Test
  void plainPrintsALineEveryTenSecondsAndAtTheEnd() {
    CapturedConsole captured = new CapturedConsole();
    PlainProgress progress =
        new PlainProgress(captured.console(), new Messages(captured.console(), false), () -> now);
    progress.on(START);
    seconds(4);
    progress.on(new RunEvent.Advanced(1, ""));
    seconds(7);
    progress.on(new RunEvent.Advanced(2, "layer 3"));
    seconds(9);
    progress.tick();
    seconds(2);
    progress.tick();
    progress.on(new RunEvent.Advanced(22, ""));
    progress.on(new RunEvent.StageFinished("carving", 22));
    progress.close();
    assertThat(captured.err().lines())
        .containsExactly(
            "carving: 2/22 layers, layer 3, 11.0 s, 1:50 left",
            "carving: 2/22 layers, layer 3, 22.0 s, 3:40 left",
            "carving: 22/22 layers, 22.0 s");
  }

  @Test
  void theBarIsRedrawnInPlaceAndFitsTheTerminal() {
    CapturedConsole captured = new CapturedConsole(new Terminal(true, 60, false));
    ConsoleProgress progress =
        new ConsoleProgress(captured.console(), new Messages(captured.console(), false), () -> now);
    progress.on(START);
    seconds(11);
    progress.on(new RunEvent.Advanced(11, "a detail that is far too long to fit on this line"));
    progress.on(new RunEvent.Warned("look here"));
    progress.on(new RunEvent.StageFinished("carving", 12.5));
    progress.close();
    String[] draws = captured.err().split("\r\u001b\\[K", -1);
    assertThat(draws).allMatch(draw -> draw.stripTrailing().length() < 60);
    assertThat(captured.err())
        .contains("11/22 layers  11.0 s left")
        .contains("\r\u001b[Kwarning: look here" + System.lineSeparator())
        .contains("\r\u001b[Kcarving  11/22 layers  in 12.5 s" + System.lineSeparator())
        .doesNotContain("\u001b[3");
  }

  @Test
  void theBarGrowsAndMayBeColoured() {
    CapturedConsole captured = new CapturedConsole(new Terminal(true, 90, true));
    ConsoleProgress progress =
        new ConsoleProgress(captured.console(), new Messages(captured.console(), false), () -> now);
    progress.on(START);
    seconds(1);
    progress.on(new RunEvent.Advanced(11, ""));
    assertThat(captured.err())
        .contains("[" + " ".repeat(30) + "]")
        .contains("[\u001b[32m" + "=".repeat(15) + "\u001b[0m" + " ".repeat(15) + "]");
    progress.close();
    assertThat(captured.err()).endsWith("\r\u001b[K");
  }

  @Test
  void stagesNestAndSurviveAFailureInside() {
    OpenStage.Stack stages = new OpenStage.Stack();
    stages.begin(new RunEvent.StageStarted("outer", "layers", 2), 0);
    stages.begin(new RunEvent.StageStarted("inner", "windows", 0), 0);
    stages.advance(new RunEvent.Advanced(3, ""));
    assertThat(stages.current().count()).isEqualTo("3 windows");
    assertThat(stages.current().left(5)).isEmpty();
    assertThat(stages.end("outer").name()).isEqualTo("outer");
    assertThat(stages.current()).isNull();
    assertThat(stages.end("outer")).isNull();
  }

  @Test
  void spansOfTimeReadWell() {
    assertThat(new Elapsed(0.04)).hasToString("0.0 s");
    assertThat(new Elapsed(59.9)).hasToString("59.9 s");
    assertThat(new Elapsed(59.97)).hasToString("1:00");
    assertThat(new Elapsed(83)).hasToString("1:23");
    assertThat(new Elapsed(3723)).hasToString("1:02:03");
  }

  @Test
  void theTerminalIsWhatTheLauncherAndTheEnvironmentSay() {
    assertThat(terminal(Map.of("cmoe.terminal", "true", "cmoe.columns", "132"), Map.of()))
        .isEqualTo(new Terminal(true, 132, true));
    assertThat(terminal(Map.of("cmoe.terminal", "true"), Map.of("COLUMNS", "70", "NO_COLOR", "1")))
        .isEqualTo(new Terminal(true, 70, false));
    assertThat(terminal(Map.of("cmoe.terminal", "true"), Map.of("TERM", "dumb")))
        .isEqualTo(new Terminal(false, 80, false));
    assertThat(terminal(Map.of("cmoe.terminal", "false"), Map.of("COLUMNS", "x")))
        .isEqualTo(new Terminal(false, 80, false));
  }

  private static Terminal terminal(Map<String, String> properties, Map<String, String> variables) {
    return Terminal.detect(properties::get, variables::get);
  }
}
