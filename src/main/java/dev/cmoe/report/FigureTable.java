package dev.cmoe.report;

import static dev.cmoe.report.Markup.element;
import static dev.cmoe.report.Markup.escape;

import java.util.List;

/** The figures of a chart as a table, folded away under it. The first column names the row. */
final class FigureTable {
  private final StringBuilder rows = new StringBuilder();
  private final String caption;

  FigureTable(String caption, List<String> headings) {
    this.caption = caption;
    StringBuilder head = new StringBuilder();
    for (String heading : headings) {
      head.append("<th scope=\"col\">").append(escape(heading)).append("</th>");
    }
    rows.append("<thead>").append(element("tr", "", head.toString())).append("</thead>\n<tbody>\n");
  }

  FigureTable row(String name, List<String> cells) {
    rows.append("<tr><th scope=\"row\">").append(escape(name)).append("</th>");
    for (String cell : cells) {
      rows.append("<td>").append(escape(cell)).append("</td>");
    }
    rows.append("</tr>\n");
    return this;
  }

  /** Folded: a person who wants the figures opens it. */
  String folded() {
    return "<details><summary>Figures</summary>" + table("figures") + "</details>\n";
  }

  /** In the open. */
  String table(String css) {
    String content = element("caption", "", escape(caption)) + rows + "</tbody>";
    return "<div class=\"scroll\" tabindex=\"0\">" + element("table", css, content) + "</div>\n";
  }
}
