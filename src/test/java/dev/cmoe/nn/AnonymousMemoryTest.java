package dev.cmoe.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnonymousMemoryTest {
  private static final long LIMIT = 50;

  @Test
  void whatGrowsOnceIsNoLeak() throws IOException {
    assertThat(growth(100L, 280L, 280L, 280L, 280L, 280L)).isLessThan(LIMIT);
    assertThat(growth(100L, 90L, 95L, 0L, 0L, 0L)).isLessThan(LIMIT);
  }

  @Test
  void whatGrowsEachTimeIsOne() throws IOException {
    assertThat(growth(100L, 200L, 300L, 400L, 500L, 600L)).isEqualTo(100);
    // The first reading was high by chance.
    assertThat(growth(160L, 200L, 300L, 400L, 500L, 600L)).isGreaterThanOrEqualTo(LIMIT);
  }

  private static long growth(Long... readings) throws IOException {
    Iterator<Long> next = List.of(readings).iterator();
    return AnonymousMemory.growth(LIMIT, next::next);
  }
}
