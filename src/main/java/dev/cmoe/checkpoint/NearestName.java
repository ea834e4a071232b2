package dev.cmoe.checkpoint;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** The name that needs the fewest insertions, deletions and replacements to become another. */
final class NearestName {
  private NearestName() {}

  static Optional<String> of(String wanted, Collection<String> names) {
    return names.stream().min(Comparator.comparingInt(name -> distance(wanted, name)));
  }

  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
