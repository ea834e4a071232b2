package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Bfloat16Test {
  /** A bfloat16 has 8 bits of precision: from 1 on they are 1/128 apart. */
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1.003, 1",
    "1.005, 1.0078125",
    "1.00390625, 1", // half-way, to the even one below
    "1.01171875, 1.015625", // half-way, to the even one above
    "-1.005, -1.0078125",
    "0, 0",
    "3.4e38, Infinity",
    "-Infinity, -Infinity",
    "NaN, NaN"
  })
  void roundsToTheNearest(float x, float expected) {
    assertThat(Float.valueOf(Bfloat16.rounded(x))).isEqualTo(Float.valueOf(expected));
    assertThat(Float.valueOf(Bfloat16.value(Bfloat16.bits(x)))).isEqualTo(Float.valueOf(expected));
  }

  @Test
  void everyOneComesBack() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float value = Bfloat16.value((short) bits);
      if (Float.isNaN(value)) {
        assertThat(Bfloat16.value(Bfloat16.bits(value))).isNaN();
      } else {
        assertThat(Bfloat16.bits(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void knowsLandmarks() {
    assertThat(Bfloat16.value((short) 0x3f80)).isEqualTo(1f);
    assertThat(Bfloat16.value((short) 0x0001)).isEqualTo(0x1p-133f);
    assertThat(Bfloat16.bits(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(Bfloat16.bits(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xff80);
  }

  @Test
  void keepsNaNWhereItsUpperHalfWouldBeInfinity() {
    assertThat(Bfloat16.bits(Float.intBitsToFloat(0x7f800001))).isEqualTo((short) 0x7fc0);
    assertThat(Bfloat16.bits(Float.intBitsToFloat(0xffffffff))).isEqualTo((short) 0xffff);
  }
}
