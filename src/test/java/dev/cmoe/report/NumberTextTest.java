package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NumberTextTest {
  /** Figures with their no-break spaces made ordinary ones. */
  private static String plain(String text) {
    return text.replace('\u202f', ' ').replace('\u00a0', ' ');
  }

  @Test
  void writesFewDigits() {
    assertThat(NumberText.perplexity(4.3478)).isEqualTo("4.35");
    assertThat(NumberText.perplexity(55.145)).isEqualTo("55.1");
    assertThat(plain(NumberText.perplexity(1076.894))).isEqualTo("1 077");
    assertThat(NumberText.perplexity(null)).isEqualTo("–");
    assertThat(NumberText.ratio(1.0902)).isEqualTo("×1.09");
    assertThat(NumberText.ratio(21.29)).isEqualTo("×21.3");
    assertThat(NumberText.significant(0.30000000000000004)).isEqualTo("0.3");
    assertThat(NumberText.significant(1000.0)).isEqualTo("1000");
    assertThat(NumberText.significant(3.6e-6)).isEqualTo("3.6e-06");
    assertThat(plain(NumberText.percent(0.12345))).isEqualTo("12.3 %");
    assertThat(plain(NumberText.shortPercent(0.0625))).isEqualTo("6.25 %");
  }

  @Test
  void putsUnitsBesideThem() {
    assertThat(plain(NumberText.magnitude(7_082_240))).isEqualTo("7.08 M");
    assertThat(plain(NumberText.magnitude(70.6e9))).isEqualTo("70.6 B");
    assertThat(plain(NumberText.magnitude(999))).isEqualTo("999");
    assertThat(plain(NumberText.magnitude(999_700))).isEqualTo("1.00 M");
    assertThat(plain(NumberText.bytes(1_184_000_000L))).isEqualTo("1.18 GB");
    assertThat(plain(NumberText.seconds(0.314))).isEqualTo("0.31 s");
    assertThat(plain(NumberText.seconds(119.6))).isEqualTo("2 min 0 s");
    assertThat(plain(NumberText.seconds(7260))).isEqualTo("2 h 1 min");
  }

  @Test
  void writesShortCoordinates() {
    assertThat(NumberText.coordinate(3)).isEqualTo("3");
    assertThat(NumberText.coordinate(-0.001)).isEqualTo("0");
    assertThat(NumberText.coordinate(-1.05)).isEqualTo("-1.05");
    assertThat(NumberText.coordinate(12.5)).isEqualTo("12.5");
  }
}
