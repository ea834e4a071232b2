package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CrewTest {
  /** Every piece sees what all members did in the one before. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void meetsAfterEachPiece(int count) {
    long[] before = new long[count];
    long[] now = new long[count];
    try (Crew crew = new Crew(count)) {
      for (int i = 0; i < 2000; i++) {
        crew.run(part -> now[part.member()] = Arrays.stream(before).sum() + 1);
        System.arraycopy(now, 0, before, 0, count);
        Arrays.setAll(before, j -> before[j] % 1000);
        assertThat(Arrays.stream(now).distinct()).hasSize(1);
      }
    }
  }

  @Test
  void wakesMembersThatFellAsleep() throws InterruptedException {
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    try (Crew crew = new Crew(3)) {
      TimeUnit.MILLISECONDS.sleep(200);
      crew.run(part -> seen.add(part.member()));
    }
    assertThat(seen).containsExactlyInAnyOrder(0, 1, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 64, 131})
  void partsCoverEverythingAndBeginEven(int n) {
    int end = 0;
    for (int member = 0; member < 5; member++) {
      Crew.Part part = new Crew.Part(member, 5);
      assertThat(part.from(n)).isEqualTo(end).isEven();
      end = part.to(n);
    }
    assertThat(end).isEqualTo(n);
  }

  @Test
  void throwsWhatAMemberThrewAndGoesOn() {
    try (Crew crew = new Crew(2)) {
      for (int thrower = 0; thrower < 2; thrower++) {
        int member = thrower;
        assertThatThrownBy(
                () ->
                    crew.run(
                        part -> {
                          if (part.member() == member) {
                            throw new IllegalArgumentException("broken");
                          }
                        }))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("broken");
        crew.run(part -> {});
      }
    }
  }

  @Test
  void doesNothingOnceItIsClosed() {
    Crew crew = new Crew(2);
    crew.close();
    assertThatThrownBy(() -> crew.run(part -> {})).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sendsItsThreadsHome() throws InterruptedException {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    try (Crew crew = new Crew(3)) {
      crew.run(part -> threads.add(Thread.currentThread()));
    }
    threads.remove(Thread.currentThread());
    assertThat(threads).hasSize(2);
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(30));
      assertThat(thread.isAlive()).isFalse();
    }
  }
}
