package dev.cmoe.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenWindowsTest {
  private static int[] stream(int length) {
    return IntStream.range(0, length).toArray();
  }

  private static int[] starts(TokenWindows windows) {
    return windows.windows().stream().mapToInt(window -> window[0]).toArray();
  }

  /** start_i = floor(i (L - T) / (n - 1)). */
  @Test
  void spreadsWindowsEvenly() {
    assertThat(starts(TokenWindows.evenlySpaced(stream(101), 10, 4, "text")))
        .containsExactly(0, 30, 60, 91);
    assertThat(starts(TokenWindows.evenlySpaced(stream(20), 10, 5, "text")))
        .containsExactly(0, 2, 5, 7, 10);
    assertThat(starts(TokenWindows.evenlySpaced(stream(100), 10, 1, "text"))).containsExactly(0);
    assertThat(starts(TokenWindows.evenlySpaced(stream(10), 10, 3, "text")))
        .containsExactly(0, 0, 0);
  }

  @Test
  void windowsHoldTheirPartOfTheStream() {
    TokenWindows windows = TokenWindows.evenlySpaced(stream(101), 10, 4, "text");

    assertThat(windows.windows().get(3)).containsExactly(IntStream.range(91, 101).toArray());
    assertThat(windows.tokens()).isEqualTo(40);
  }

  @Test
  void cutsConsecutiveWindowsAndDropsTheTail() {
    assertThat(starts(TokenWindows.consecutive(stream(35), 10, 99, "text")))
        .containsExactly(0, 10, 20);
    assertThat(starts(TokenWindows.consecutive(stream(40), 10, 2, "text"))).containsExactly(0, 10);
    assertThat(starts(TokenWindows.consecutive(stream(10), 10, 2, "text"))).containsExactly(0);
  }

  @Test
  void refusesATextShorterThanAWindow() {
    assertThatThrownBy(() -> TokenWindows.evenlySpaced(stream(9), 10, 1, "a.txt"))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
        .hasMessageContaining("a.txt: only 9 tokens, one window needs 10");
    assertThatThrownBy(() -> TokenWindows.consecutive(stream(9), 10, 1, "a.txt"))
        .isInstanceOf(CmoeException.class);
  }
}
