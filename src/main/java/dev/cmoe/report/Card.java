package dev.cmoe.report;

import static dev.cmoe.report.Markup.element;
import static dev.cmoe.report.Markup.escape;

/** One framed exhibit of the page: a title, a sentence that says how to read it, the exhibit. */
final class Card {
  private Card() {}

  /**
   * @param title text
   * @param lead text; may be empty
   * @param content markup
   */
  static String of(String title, String lead, String content) {
    return card("card", title, lead, content);
  }

  /** A card as wide as the page. */
  static String wide(String title, String lead, String content) {
    return card("card wide", title, lead, content);
  }

  private static String card(String css, String title, String lead, String content) {
    String sentence = lead.isEmpty() ? "" : element("p", "lead", escape(lead));
    return element("section", css, element("h3", "", escape(title)) + sentence + "\n" + content)
        + "\n";
  }
}
