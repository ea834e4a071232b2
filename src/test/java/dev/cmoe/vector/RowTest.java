package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowTest {
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
    assertThat(Float.valueOf(Row.rounded(x))).isEqualTo(Float.valueOf(expected));
    assertThat(Float.valueOf(Float.intBitsToFloat(Row.bits(x) << 16)))
        .isEqualTo(Float.valueOf(expected));
  }

  @Test
  void storesEveryNaNAsOne() {
    float last = Float.intBitsToFloat(0x7f800001);
    assertThat(Float.intBitsToFloat(Row.bits(last) << 16)).isNaN();
  }

  @Test
  void takesPartsToTheirPlaces() {
    Row row = new Row(5);
    row.take(new float[] {9, 9, 2, 3, 4}, 2, 5);
    row.take(new float[] {0, 1, 9, 9, 9}, 0, 2);
    assertThat(row.even).containsExactly(0, 2, 4);
    assertThat(row.odd).containsExactly(1, 3, 0);
  }
}
