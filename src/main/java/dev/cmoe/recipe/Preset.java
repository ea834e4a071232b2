package dev.cmoe.recipe;

/** A named way to carve (docs/how-it-works.md). */
public enum Preset implements Choice {
  /** Contribution groups, a fitted linear router and a refitted down-projection. The default. */
  FITTED("fitted"),
  /** CMoE as published and released. */
  PAPER("paper"),
  /** No routing: the strongest neurons of the budget always run. */
  STATIC("static"),
  /** {@link #STATIC} with a refitted down-projection. */
  STATIC_FITTED("static-fitted"),
  /** Random groups and a random router. */
  RANDOM("random");

  private final String id;

  Preset(String id) {
    this.id = id;
  }

  @Override
  public String id() {
    return id;
  }

  /** Whether a router picks experts for each token. */
  public boolean routed() {
    return this != STATIC && this != STATIC_FITTED;
  }

  /** Whether the down-projection is refitted unless the recipe says otherwise. */
  boolean compensated() {
    return this == FITTED || this == STATIC_FITTED;
  }
}
