package dev.cmoe.report;

import static dev.cmoe.report.Markup.element;
import static dev.cmoe.report.Markup.escape;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The frame of a page that needs nothing else: no script, no font, no address. */
final class Page {
  /** How every page of ours begins; by it cmoe knows what it may replace. */
  static final String HEAD =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta name=\"generator\" content=\"cmoe\"/>\n";

  private Page() {}

  /**
   * A whole page.
   *
   * @param title text
   * @param content markup
   */
  static String of(String title, String content) {
    return HEAD
        + "<meta charset=\"utf-8\"/>\n"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        + "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
        + element("title", "", escape(title))
        + "\n<style>\n"
        + styleSheet()
        + "</style>\n</head>\n<body>\n<main>\n"
        + content
        + "</main>\n</body>\n</html>\n";
  }

  /** What stands at the top: what the page is about, the outcome, a sentence on it. */
  static String header(String subject, String headline, String verdict) {
    return "<header>\n"
        + element("p", "eyebrow", escape(subject))
        + "\n"
        + element("h1", "", escape(headline))
        + "\n"
        + element("p", "verdict", escape(verdict))
        + "\n</header>\n";
  }

  /** Where another run begins on the page: what it was, its outcome, a sentence on it. */
  static String part(String subject, String headline, String verdict) {
    return "<div class=\"part\">\n"
        + element("p", "eyebrow", escape(subject))
        + "\n"
        + element("h2", "", escape(headline))
        + "\n"
        + element("p", "verdict", escape(verdict))
        + "\n</div>\n";
  }

  /** A framed list; nothing without warnings. */
  static String warnings(List<String> warnings) {
    if (warnings.isEmpty()) {
      return "";
    }
    StringBuilder items = new StringBuilder();
    for (String warning : warnings) {
      items.append(element("li", "", escape(warning))).append('\n');
    }
    String title = warnings.size() == 1 ? "One warning" : "Warnings";
    String list = element("h2", "", title) + element("ul", "", items.toString());
    return element("section", "warnings", list) + "\n";
  }

  /** A heading and its cards; nothing without cards. */
  static String section(String title, String cards) {
    return cards.isEmpty()
        ? ""
        : element("h2", "", escape(title)) + "\n" + element("div", "cards", "\n" + cards) + "\n";
  }

  private static String styleSheet() {
    try (InputStream in = Page.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
