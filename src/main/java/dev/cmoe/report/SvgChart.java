package dev.cmoe.report;

import static dev.cmoe.report.Markup.escape;
import static dev.cmoe.report.NumberText.coordinate;

/**
 * One inline SVG drawing under construction, in units that are about one CSS pixel on a phone.
 * Colours and type come from the style sheet through classes, so that the page can be dark.
 */
final class SvgChart {
  /** Width of a full chart. On a wide screen several stand side by side. */
  static final double WIDTH = 360;

  private final StringBuilder out = new StringBuilder();

  /**
   * @param id unique in the page, letters, digits and hyphens
   * @param title name of the drawing for those who cannot see it
   * @param description what the drawing shows, in a sentence
   */
  SvgChart(String id, double width, double height, String title, String description) {
    out.append("<svg viewBox=\"0 0 ").append(coordinate(width)).append(' ');
    out.append(coordinate(height)).append("\" role=\"img\" aria-labelledby=\"").append(id);
    out.append("-t ").append(id).append("-d\"><title id=\"").append(id).append("-t\">");
    out.append(escape(title)).append("</title><desc id=\"").append(id).append("-d\">");
    out.append(escape(description)).append("</desc>\n");
  }

  SvgChart rect(String css, double x, double y, double width, double height) {
    return rect(css, x, y, width, height, 0, "");
  }

  /** A rectangle with rounded corners and a hint shown on hover, unless that is empty. */
  SvgChart rect(
      String css, double x, double y, double width, double height, double radius, String hint) {
    out.append("<rect class=\"").append(css).append('"');
    attribute("x", x).attribute("y", y).attribute("width", width).attribute("height", height);
    if (radius > 0) {
      attribute("rx", radius);
    }
    return close("rect", hint);
  }

  SvgChart circle(String css, double x, double y, double radius, String hint) {
    out.append("<circle class=\"").append(css).append('"');
    attribute("cx", x).attribute("cy", y).attribute("r", radius);
    return close("circle", hint);
  }

  SvgChart line(String css, double x1, double y1, double x2, double y2) {
    out.append("<line class=\"").append(css).append('"');
    attribute("x1", x1).attribute("y1", y1).attribute("x2", x2).attribute("y2", y2);
    return close("line", "");
  }

  SvgChart path(String css, CharSequence data) {
    out.append("<path class=\"").append(css).append("\" d=\"").append(data).append("\"/>\n");
    return this;
  }

  /** Text whose {@code anchor} (start, middle or end) is at x and whose baseline is at y. */
  SvgChart text(String css, double x, double y, String anchor, String text) {
    out.append("<text class=\"").append(css).append('"');
    attribute("x", x).attribute("y", y);
    if (!anchor.equals("start")) {
      out.append(" text-anchor=\"").append(anchor).append('"');
    }
    out.append('>').append(escape(text)).append("</text>\n");
    return this;
  }

  /** The finished drawing. */
  String end() {
    return out + "</svg>\n";
  }

  private SvgChart attribute(String name, double value) {
    out.append(' ').append(name).append("=\"").append(coordinate(value)).append('"');
    return this;
  }

  private SvgChart close(String element, String hint) {
    if (hint.isEmpty()) {
      out.append("/>\n");
    } else {
      out.append("><title>").append(escape(hint)).append("</title></");
      out.append(element).append(">\n");
    }
    return this;
  }
}
