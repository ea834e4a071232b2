package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RowTest {
  @Test
  void takesPartsToTheirPlaces() {
    Row row = new Row(5);
    row.take(new float[] {9, 9, 2, 3, 4}, 2, 5);
    row.take(new float[] {0, 1, 9, 9, 9}, 0, 2);
    assertThat(row.even).containsExactly(0, 2, 4);
    assertThat(row.odd).containsExactly(1, 3, 0);
  }
}
