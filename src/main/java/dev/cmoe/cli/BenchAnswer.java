package dev.cmoe.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.bench.BenchResult;
import dev.cmoe.bench.Figure;
import dev.cmoe.bench.Phase;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** What a benchmark says, as a table, CSV, or the JSON {@code cmoe.bench/1}. */
record BenchAnswer(BenchResult result, BenchForm form) implements Answer {
  private static final List<String> COLUMNS =
      List.of(
          "batch",
          "phase",
          "model",
          "tokens_per_second",
          "least",
          "most",
          "ratio",
          "ceiling",
          "of_ceiling",
          "seconds",
          "ffn_share",
          "router_share",
          "peak_anonymous_bytes",
          "weight_bytes_per_decode_step",
          "expert_imbalance",
          "step");

  @Override
  public String text() {
    return switch (form) {
      case MD -> markdown();
      case JSON -> json();
      case CSV -> csv();
    };
  }

  /** A phase of one model at one batch. */
  private record Row(
      int batch,
      String phase,
      BenchResult.Entrant entrant,
      BenchResult.Figures all,
      Phase figures,
      OptionalDouble ratio,
      OptionalDouble ceiling) {
    OptionalDouble ofCeiling() {
      return ratio.isPresent() && ceiling.isPresent()
          ? OptionalDouble.of(ratio.getAsDouble() / ceiling.getAsDouble())
          : OptionalDouble.empty();
    }

    String model() {
      return entrant.budget();
    }

    /** The way that a step went; empty for prompts, which go through kernels always. */
    String step() {
      return phase.equals("decode") ? BenchAnswer.step(entrant, batch) : "";
    }

    /** Empty without a router. */
    OptionalDouble imbalance() {
      return all.load().isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(all.imbalance());
    }
  }

  private List<Row> rows() {
    List<Row> rows = new java.util.ArrayList<>();
    for (BenchResult.Batch batch : result.batches()) {
      phase(rows, batch, "prefill", batch.prefillRatio(), batch.prefillCeiling());
      phase(rows, batch, "decode", batch.decodeRatio(), batch.decodeCeiling());
    }
    return rows;
  }

  private void phase(
      List<Row> rows,
      BenchResult.Batch batch,
      String name,
      Optional<Figure> ratio,
      OptionalDouble ceiling) {
    Function<BenchResult.Figures, Phase> phase =
        name.equals("prefill") ? BenchResult.Figures::prefill : BenchResult.Figures::decode;
    OptionalDouble none = OptionalDouble.empty();
    batch
        .dense()
        .ifPresent(
            dense ->
                rows.add(
                    new Row(
                        batch.size(),
                        name,
                        result.dense().orElseThrow(),
                        dense,
                        phase.apply(dense),
                        none,
                        none)));
    BenchResult.Figures model = batch.model();
    OptionalDouble times =
        ratio.isPresent() ? OptionalDouble.of(ratio.get().median()) : OptionalDouble.empty();
    rows.add(
        new Row(batch.size(), name, result.model(), model, phase.apply(model), times, ceiling));
  }

  private String csv() {
    StringBuilder text = new StringBuilder(String.join(",", COLUMNS)).append('\n');
    for (Row row : rows()) {
      Figure speed = row.figures().tokensPerSecond();
      text.append(
          String.format(
              Locale.ROOT,
              "%d,%s,%s,%.3f,%.3f,%.3f,%s,%s,%s,%.4f,%.4f,%.4f,%d,%.0f,%s,%s%n",
              row.batch(),
              row.phase(),
              row.model(),
              speed.median(),
              speed.least(),
              speed.most(),
              number(row.ratio(), ""),
              number(row.ceiling(), ""),
              number(row.ofCeiling(), ""),
              row.figures().seconds().median(),
              row.figures().feedForwardShare(),
              row.figures().routerShare(),
              row.entrant().peakAnonymousBytes(),
              row.all().decodeBytes(),
              number(row.imbalance(), ""),
              row.step()));
    }
    return text.toString();
  }

  private String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s%s: prompts of %d tokens, then %d one by one, %d threads, median of %d runs%n%n",
            result.model().name(),
            result.dense().map(dense -> " against " + dense.name()).orElse(""),
            result.spec().promptTokens(),
            result.spec().decodeTokens(),
            result.threads(),
            result.spec().repeat()));
    text.append(
        "| batch | phase | model | tokens/s | least to most | ratio | ceiling | of ceiling | FFN time | router |\n");
    text.append("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (Row row : rows()) {
      Figure speed = row.figures().tokensPerSecond();
      text.append(
          String.format(
              Locale.ROOT,
              "| %d | %s | %s | %.2f | %.2f to %.2f | %s | %s | %s | %s | %s |%n",
              row.batch(),
              row.phase(),
              row.model(),
              speed.median(),
              speed.least(),
              speed.most(),
              number(row.ratio(), ""),
              number(row.ceiling(), ""),
              number(row.ofCeiling(), ""),
              Quantity.percent(row.figures().feedForwardShare()),
              Quantity.percent(row.figures().routerShare())));
    }
    text.append("\n| | ").append(result.model().budget());
    text.append(
        result.dense().isPresent()
            ? " | dense |\n| --- | ---: | ---: |\n"
            : " |\n| --- | ---: |\n");
    entrants(text, "compute type", BenchResult.Entrant::computeDtype);
    if (result.batches().stream().anyMatch(batch -> batch.size() == 1)) {
      entrants(text, "decode of batch 1 in", entrant -> step(entrant, 1));
    }
    entrants(
        text,
        "opened in" + (result.dense().isPresent() ? ", kernels with the first" : ""),
        entrant -> Quantity.seconds(entrant.openSeconds()));
    entrants(text, "weights, mapped or converted", e -> Quantity.bytes(e.weightBytes()));
    entrants(
        text,
        "anonymous memory of the process" + (result.dense().isPresent() ? ", both models" : ""),
        e -> Quantity.bytes(e.peakAnonymousBytes()));
    for (BenchResult.Batch batch : result.batches()) {
      String at = ", batch " + batch.size();
      figures(
          text,
          batch,
          "time to first token" + at,
          f -> milliseconds(f.prefill().seconds().median()));
      figures(
          text,
          batch,
          "weights read in a decode step" + at,
          f -> Quantity.bytes(Math.round(f.decodeBytes())));
    }
    for (BenchResult.Batch batch : result.batches()) {
      BenchResult.Figures figures = batch.model();
      if (!figures.load().isEmpty()) {
        text.append(
            String.format(
                Locale.ROOT,
                "%nExperts, batch %d: the busiest of a layer has %.2f times the mean load of its prompts; %d of %d were idle;"
                    + " a decode step reads %.2f of %d a layer.%n",
                batch.size(),
                figures.imbalance(),
                figures.idleExperts(),
                figures.load().size() * figures.load().get(0).length,
                figures.touchedExperts(),
                figures.load().get(0).length));
      }
    }
    return text.toString();
  }

  private void entrants(
      StringBuilder text, String name, Function<BenchResult.Entrant, String> value) {
    line(text, name, value.apply(result.model()), result.dense().map(value));
  }

  private static void figures(
      StringBuilder text,
      BenchResult.Batch batch,
      String name,
      Function<BenchResult.Figures, String> value) {
    line(text, name, value.apply(batch.model()), batch.dense().map(value));
  }

  private static void line(StringBuilder text, String name, String model, Optional<String> dense) {
    text.append("| ").append(name).append(" | ").append(model).append(" |");
    dense.ifPresent(value -> text.append(" ").append(value).append(" |"));
    text.append('\n');
  }

  private static String milliseconds(double seconds) {
    return String.format(Locale.ROOT, "%.1f ms", 1000 * seconds);
  }

  private static String number(OptionalDouble value, String absent) {
    return value.isPresent() ? String.format(Locale.ROOT, "%.3f", value.getAsDouble()) : absent;
  }

  @Override
  public String json() {
    ObjectNode document = Documents.of("cmoe.bench/1");
    document.put("model", result.model().name());
    result.dense().ifPresent(dense -> document.put("against", dense.name()));
    document.put("threads", result.threads());
    document.put("promptTokens", result.spec().promptTokens());
    document.put("decodeTokens", result.spec().decodeTokens());
    document.put("repeat", result.spec().repeat());
    ObjectNode models = document.putObject("models");
    entrant(models.putObject("moe"), result.model());
    result.dense().ifPresent(dense -> entrant(models.putObject("dense"), dense));
    // The first batch stands at the top too: what most scripts want.
    phases(document, result.batches().get(0));
    ArrayNode batches = document.putArray("batches");
    for (BenchResult.Batch batch : result.batches()) {
      ObjectNode node = batches.addObject();
      node.put("batch", batch.size());
      phases(node, batch);
      batch.dense().ifPresent(dense -> details(node.putObject("dense"), dense));
      details(node.putObject("moe"), batch.model());
    }
    return Documents.render(document);
  }

  private static String step(BenchResult.Entrant entrant, int batch) {
    return batch == 1 && entrant.stepsInJava() ? "java" : "kernels";
  }

  private static void entrant(ObjectNode node, BenchResult.Entrant entrant) {
    node.put("budget", entrant.budget());
    node.put("computeDtype", entrant.computeDtype());
    node.put("singleStep", step(entrant, 1));
    node.put("openSeconds", entrant.openSeconds());
    node.put("weightBytes", entrant.weightBytes());
    node.put("peakAnonymousBytes", entrant.peakAnonymousBytes());
    node.put("peakRssBytes", entrant.peakResidentBytes());
  }

  private static void phases(ObjectNode node, BenchResult.Batch batch) {
    phase(
        node.putObject("prefill"),
        batch.model().prefill(),
        batch.dense().map(BenchResult.Figures::prefill),
        batch.prefillRatio(),
        batch.prefillCeiling());
    phase(
        node.putObject("decode"),
        batch.model().decode(),
        batch.dense().map(BenchResult.Figures::decode),
        batch.decodeRatio(),
        batch.decodeCeiling());
  }

  private static void phase(
      ObjectNode node,
      Phase model,
      Optional<Phase> dense,
      Optional<Figure> ratio,
      OptionalDouble ceiling) {
    dense.ifPresent(other -> node.put("dense", other.tokensPerSecond().median()));
    node.put("moe", model.tokensPerSecond().median());
    ratio.ifPresent(value -> node.put("ratio", value.median()));
    ceiling.ifPresent(value -> node.put("ceiling", value));
    ObjectNode spread = node.putObject("spread");
    dense.ifPresent(other -> spread(spread.putArray("dense"), other.tokensPerSecond()));
    spread(spread.putArray("moe"), model.tokensPerSecond());
    ratio.ifPresent(value -> spread(spread.putArray("ratio"), value));
  }

  private static void spread(ArrayNode node, Figure figure) {
    node.add(figure.least()).add(figure.most());
  }

  private static void details(ObjectNode node, BenchResult.Figures figures) {
    node.put("secondsToFirstToken", figures.prefill().seconds().median());
    node.put("weightBytesPerDecodeStep", Math.round(figures.decodeBytes()));
    node.put("operationsPerPrompt", figures.prefillOperations());
    shares(node.putObject("prefill"), figures.prefill());
    shares(node.putObject("decode"), figures.decode());
    if (!figures.load().isEmpty()) {
      ObjectNode experts = node.putObject("experts");
      experts.put("imbalance", figures.imbalance());
      experts.put("idle", figures.idleExperts());
      experts.put("readPerDecodeStep", figures.touchedExperts());
      experts.set("load", Documents.tree(figures.load()));
    }
  }

  private static void shares(ObjectNode node, Phase phase) {
    node.put("feedForwardShare", phase.feedForwardShare());
    node.put("routerShare", phase.routerShare());
  }
}
