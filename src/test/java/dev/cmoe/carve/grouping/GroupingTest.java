package dev.cmoe.carve.grouping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class GroupingTest {
  private static final int[] NONE = {};

  @Test
  void gathersTheMembersOfEachCluster() {
    Grouping grouping =
        Grouping.of(new int[] {1, 4}, new int[] {0, 2, 3, 5}, new int[] {1, 0, 1, 0}, 2);

    assertThat(grouping.experts()).containsExactly(new int[] {2, 5}, new int[] {0, 3});
    assertThat(grouping.expertOf()).containsExactly(1, -1, 0, 1, -1, 0);
    assertThat(grouping.representatives()).isEmpty();
    assertThat(grouping.withRepresentatives(new int[] {5, 0}).representatives())
        .containsExactly(5, 0);
  }

  @Test
  void refusesWhatIsNoPartition() {
    refused(new int[] {0, 1}, List.of(new int[] {1, 2}), NONE);
    refused(new int[] {0}, List.of(new int[] {1, 3}), NONE);
    refused(new int[] {0}, List.of(new int[] {2, 1}), NONE);
    refused(NONE, List.of(new int[] {-1, 0}), NONE);
    refused(new int[] {0}, List.of(new int[] {1}, new int[] {2}), new int[] {2, 1});
    refused(new int[] {0}, List.of(new int[] {1}, new int[] {2}), new int[] {1});
  }

  private static void refused(int[] shared, List<int[]> experts, int[] representatives) {
    assertThatThrownBy(() -> new Grouping(shared, experts, representatives))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
