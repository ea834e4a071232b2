package dev.cmoe.finetune;

import java.util.Locale;

/** A projection that can have a low-rank addition; gate, up and down are those of all experts. */
public enum LoraTarget {
  Q,
  K,
  V,
  O,
  GATE,
  UP,
  DOWN;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
