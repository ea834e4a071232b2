package dev.cmoe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.nn.Decoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KernelTextTest {
  private static final Pattern INNERMOST = Pattern.compile("\\([^()]*\\)");

  @Test
  void takesInWhatIsShared() {
    assertThat(KernelText.of(Decoder.class, "decoder", Products.PLAIN))
        .contains("def normed(", "def times(", "def embed(")
        .doesNotContain("include shared\n");
  }

  @Test
  void saysHowAMachineMultiplies() {
    // The compiler drops a branch behind this, and the operator that a build may lack.
    assertThat(KernelText.of(Decoder.class, "step", Products.PLAIN))
        .doesNotContain(
            "WIDEN", "SINGLE", "COLUMNS", "BLOCKS", "ONEDNN", "PARTS", "PAIR", "True and ")
        .contains(
            "if ((False and bfloat and rows == 1) or (False and float32 and not one and (few or many)))");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(Set.of(Products.Way.WIDEN))))
        .contains("if True and bfloat and rows >= 64");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(Set.of(Products.Way.SINGLE))))
        .contains("if ((True and bfloat and rows == 1) or (False and");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(Set.of(Products.Way.COLUMNS))))
        .contains("(True and float32 and rows > 4");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(Set.of(Products.Way.ONEDNN))))
        .contains("or (True and float32 and not one and (few");
    assertThat(KernelText.of(Decoder.class, "decoder", new Products(Set.of(Products.Way.BLOCKS))))
        .contains("one = True and float32 and rows == 1");
    assertThat(KernelText.of(Decoder.class, "step", new Products(Set.of(Products.Way.PAIR))))
        .contains("pair = True and ops.prim.dtype(rows) == 15 and torch.size(rows, 2) == 1");
  }

  /** In this dialect they bind alike, from left to right. */
  @Test
  void noConditionMixesAndWithOr() throws IOException {
    List<Path> roots = List.of(Path.of("src/main/resources"), Path.of("src/test/resources"));
    for (Path root : roots) {
      try (Stream<Path> files = Files.walk(root)) {
        List<Path> kernels =
            files
                .filter(file -> file.toString().endsWith(".py"))
                .filter(file -> !file.toString().contains("checkpoint"))
                .toList();
        assertThat(kernels).isNotEmpty();
        for (Path kernel : kernels) {
          assertThat(Files.readAllLines(kernel))
              .as(kernel.toString())
              .noneMatch(KernelTextTest::mixes);
        }
      }
    }
    assertThat(mixes("if a and b or c:")).isTrue();
    assertThat(mixes("if (f(a) or b and c) and d:")).isTrue();
    assertThat(mixes("if (f(a) or (b and c)) and d:")).isFalse();
  }

  private static boolean mixes(String line) {
    String rest = line.replaceAll("#.*", "");
    Matcher innermost = INNERMOST.matcher(rest);
    boolean mixes = false;
    while (innermost.find()) {
      mixes |= hasBoth(innermost.group());
      rest = innermost.replaceFirst("");
      innermost = INNERMOST.matcher(rest);
    }
    return mixes || hasBoth(rest);
  }

  private static boolean hasBoth(String text) {
    return text.contains(" and ") && text.contains(" or ");
  }

  @Test
  void namesWhatIsMissing() {
    assertThatThrownBy(() -> KernelText.of(Decoder.class, "missing", Products.PLAIN))
        .hasMessageContaining("no kernel missing.py beside dev.cmoe.nn.Decoder");
  }
}
