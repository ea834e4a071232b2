package dev.cmoe.report;

import static dev.cmoe.report.Markup.element;
import static dev.cmoe.report.Markup.escape;

/** A row of large figures, each with its name above and a note below. */
final class Tiles {
  private final StringBuilder tiles = new StringBuilder();

  Tiles add(String name, String value, String note) {
    return addMarkup(escape(name), value, note);
  }

  /**
   * @param name markup
   */
  Tiles addMarkup(String name, String value, String note) {
    tiles
        .append("<div class=\"tile\">")
        .append(element("div", "name", name))
        .append(element("div", "figure", escape(value)))
        .append(element("div", "note", escape(note)))
        .append("</div>\n");
    return this;
  }

  /** Time and memory of a run, as every report ends its row with. */
  Tiles cost(RunCost cost, String timeNote) {
    if (cost == null) {
      return this;
    }
    add("Time", NumberText.seconds(cost.totalSeconds()), timeNote);
    if (cost.peakAnonymousBytes() != null) {
      Long all = cost.peakRssBytes();
      String note = all == null ? "" : NumberText.bytes(all) + " with mapped files";
      add("Peak memory", NumberText.bytes(cost.peakAnonymousBytes()), note);
    }
    return this;
  }

  String render() {
    return element("div", "tiles", tiles.toString()) + "\n";
  }
}
