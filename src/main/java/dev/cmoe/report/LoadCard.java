package dev.cmoe.report;

import java.util.ArrayList;
import java.util.List;

/** Who gets the tokens: a heat map of all routed experts and its figures. */
final class LoadCard {
  private LoadCard() {}

  /**
   * @param layers one at least
   * @param span of the colours, see {@link HeatMap}
   */
  static String of(String id, String title, List<LayerLoad> layers, double span) {
    HeatMap map = new HeatMap(layers, span);
    long idle = layers.stream().mapToLong(LayerLoad::idle).sum();
    String lead =
        map.numbered()
            ? "Share of tokens, in percent, one row a layer; colour compares with a balanced load."
            : "Colour compares with a balanced load. Experts are sorted by load in each layer.";
    String never =
        idle == 0
            ? " Every expert is used."
            : idle == 1 ? " One expert is never used." : " " + idle + " experts are never used.";
    String description =
        "A heat map of " + layers.size() + " layers, coloured by load to mean load." + never;
    return Card.of(title, lead + never, map.render(id, title, description) + figures(map, layers));
  }

  private static String figures(HeatMap map, List<LayerLoad> layers) {
    if (!map.numbered()) {
      return "<p class=\"small\">All loads are in report.json; the table of the busiest expert"
          + " sums them up.</p>";
    }
    int experts = layers.stream().mapToInt(layer -> layer.shares().size()).max().orElse(0);
    List<String> headings = new ArrayList<>(List.of("Layer"));
    for (int expert = 0; expert < experts; expert++) {
      headings.add("E" + expert);
    }
    FigureTable table = new FigureTable("Share of tokens routed to each expert", headings);
    for (LayerLoad layer : layers) {
      table.row(
          Integer.toString(layer.index()),
          layer.shares().stream().map(NumberText::percent).toList());
    }
    return table.folded();
  }
}
