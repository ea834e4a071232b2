package dev.cmoe.recipe;

/** One of a closed set of values, by the word that people write for it. */
interface Choice {
  String id();
}
