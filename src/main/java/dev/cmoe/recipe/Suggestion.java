package dev.cmoe.recipe;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The known word that a mistyped one was probably meant to be. */
public final class Suggestion {
  private Suggestion() {}

  /** {@code "; did you mean 'x'?"}, or nothing when no known word is near. */
  public static String clause(String typed, Collection<String> known) {
    return nearest(typed, known).map(word -> "; did you mean '" + word + "'?").orElse("");
  }

  private static Optional<String> nearest(String typed, Collection<String> known) {
    String plain = fold(typed);
    Optional<String> unqualified =
        known.stream().filter(word -> fold(lastPart(word)).equals(plain)).findFirst();
    if (unqualified.isPresent()) {
      return unqualified;
    }
    int near = Math.max(2, typed.length() / 4);
    return known.stream()
        .filter(word -> distance(plain, fold(word)) <= near)
        .min(Comparator.comparingInt(word -> distance(plain, fold(word))));
  }

  /** Makes {@code shard_size}, {@code shard-size} and {@code shardSize} one word. */
  private static String fold(String word) {
    return word.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
  }

  private static String lastPart(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }

  /** Edit distance: insertions, deletions and replacements. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
