package dev.cmoe.report;

/** The characters of HTML. The page is also well-formed XML, so one escape serves text and SVG. */
final class Markup {
  private Markup() {}

  /** Text made safe for element content and quoted attributes. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.appendCodePoint(isXml(c) ? c : 0xFFFD);
              }
            });
    return out.toString();
  }

  /** An element around content that is markup already. */
  static String element(String name, String cssClass, String content) {
    String attribute = cssClass.isEmpty() ? "" : " class=\"" + cssClass + "\"";
    return "<" + name + attribute + ">" + content + "</" + name + ">";
  }

  private static boolean isXml(int c) {
    boolean control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    boolean surrogate = c >= 0xD800 && c <= 0xDFFF;
    return !control && !surrogate && c != 0xFFFE && c != 0xFFFF;
  }
}
