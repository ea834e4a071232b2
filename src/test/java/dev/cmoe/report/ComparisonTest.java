package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ComparisonTest {
  @TempDir Path dir;

  private static Comparison.Source source(String place, RunReport report) {
    return new Comparison.Source(Path.of(place), report);
  }

  private static Comparison of(RunReport... reports) {
    List<Comparison.Source> sources = new ArrayList<>();
    for (RunReport report : reports) {
      sources.add(source("out/run" + sources.size(), report));
    }
    return Comparison.of(sources, List.of());
  }

  private BenchFigures bench(String json) {
    try {
      return BenchFigures.read(Files.writeString(dir.resolve("bench.json"), json));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private BenchFigures benchOf(String model) {
    return bench(
        "{\"schema\":\"cmoe.bench/1\",\"model\":\""
            + model
            + "\",\"decode\":{\"dense\":20,\"moe\":30,\"ratio\":1.5,\"ceiling\":1.8}}");
  }

  private static Document parse(String html) throws Exception {
    var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    return builder.parse(new InputSource(new StringReader(html)));
  }

  @Test
  void runsOfOneModelOnOneTextAreComparable() {
    Comparison comparison = of(SampleReports.demo(), SampleReports.withoutRouting());
    assertThat(comparison.warnings()).isEmpty();
    assertThat(comparison.sameModel() && comparison.sameText()).isTrue();
    assertThat(comparison.runs()).extracting(ComparedRun::letter).containsExactly('A', 'B');
    assertThat(ComparisonPage.render(comparison))
        .contains("Lowest perplexity: A, 55.1 against 50.6 dense");
  }

  @Test
  void saysWhatDiffers() {
    Comparison comparison = of(SampleReports.demo(), SampleReports.large());
    assertThat(comparison.sameModel()).isFalse();
    assertThat(comparison.sameText()).isFalse();
    assertThat(comparison.warnings())
        .hasSize(3)
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("The dense models differ: A: demo (llama, 6 layers")
                    .contains("B: Big-70B"))
        .anySatisfy(
            line ->
                assertThat(line).contains("demo-eval.txt in windows of 512", "wikitext2-test.txt"));
    assertThat(ComparisonPage.render(comparison))
        .contains("cannot be ranked")
        .contains("perplexity over dense")
        .contains("The dense models differ");
    assertThat(of(SampleReports.demo(), SampleReports.bare()).warnings())
        .anySatisfy(line -> assertThat(line).contains("not evaluated"));
  }

  @Test
  void aFineTunedModelCountsAsItIsNow() {
    Comparison comparison = of(SampleReports.demo(), TunedReports.taught(), TunedReports.twice());
    assertThat(comparison.sameModel()).isTrue();
    assertThat(comparison.sameText()).isFalse();
    ComparedRun tuned = comparison.runs().get(1);
    assertThat(tuned.carved()).isEqualTo(52.123);
    assertThat(tuned.report().before()).isEqualTo(55.2);
    assertThat(tuned.report().method()).isEqualTo("fitted, fine-tuned");
    assertThat(tuned.report().layers())
        .hasSize(6)
        .allSatisfy(layer -> assertThat(layer.massCaptured()).isNull());
    assertThat(ComparisonPage.render(comparison))
        .contains("fitted, fine-tuned", "55.2 before fine-tuning", "finetune.lora-rank")
        .contains("held-out parts of notes.txt");
    assertThat(of(TunedReports.taught(), TunedReports.twice()).warnings()).isEmpty();
  }

  @Test
  void noticesAnotherModelOfTheSameName() {
    PerplexityFigures figures =
        new PerplexityFigures(
            48.0, 55.1, null, null, null, 37888, "demo-eval.txt", 512, null, null, null);
    Comparison comparison =
        of(SampleReports.demo(), SampleReports.withPerplexity(SampleReports.demo(), figures));
    assertThat(comparison.warnings())
        .singleElement()
        .satisfies(line -> assertThat(line).contains("A: 50.6; B: 48.0"));
  }

  @Test
  void everyPageIsWellFormedAndNeedsNothingElse() throws Exception {
    List<Comparison> samples =
        List.of(
            of(SampleReports.demo()),
            of(SampleReports.demo(), SampleReports.withoutRouting(), SampleReports.demo()),
            of(SampleReports.demo(), SampleReports.large(), SampleReports.bare()),
            of(SampleReports.bare()),
            of(TunedReports.taught(), SampleReports.demo(), TunedReports.alone()),
            Comparison.of(
                List.of(source("out/a<b>&", SampleReports.demo())), List.of(benchOf("out/a<b>&"))));
    for (Comparison comparison : samples) {
      String html = ComparisonPage.render(comparison);
      Document page = parse(html);
      assertThat(html.toLowerCase(Locale.ROOT))
          .doesNotContain("http")
          .doesNotContain("<script")
          .doesNotContain("<link")
          .doesNotContain("@import")
          .doesNotContain("url(")
          .doesNotContain("nan")
          .doesNotContain("infinity")
          .doesNotContain("null");
      Set<String> ids = new HashSet<>();
      NodeList all = page.getElementsByTagName("*");
      for (int i = 0; i < all.getLength(); i++) {
        String id = ((Element) all.item(i)).getAttribute("id");
        assertThat(id.isEmpty() || ids.add(id)).as(id).isTrue();
      }
      NodeList charts = page.getElementsByTagName("svg");
      for (int i = 0; i < charts.getLength(); i++) {
        String[] labels = ((Element) charts.item(i)).getAttribute("aria-labelledby").split(" ");
        assertThat(ids).contains(labels);
      }
      assertThat(ComparisonPage.begins(html.substring(0, ComparisonPage.headLength()).getBytes()))
          .isTrue();
    }
  }

  @Test
  void equalRunsGiveEqualPages() {
    assertThat(ComparisonPage.render(of(SampleReports.demo(), SampleReports.large())))
        .isEqualTo(ComparisonPage.render(of(SampleReports.demo(), SampleReports.large())));
  }

  @Test
  void speedsFindTheirRuns() {
    List<Comparison.Source> sources =
        List.of(
            source("out/a", SampleReports.demo()),
            source("other/b/report.json", SampleReports.withoutRouting()));
    for (String model : List.of("other/b", "out/static", "elsewhere/b", "./other/../other/b/")) {
      Comparison comparison = Comparison.of(sources, List.of(benchOf(model)));
      assertThat(comparison.runs().get(0).bench()).as(model).isNull();
      assertThat(comparison.runs().get(1).bench().decode().ratio()).isEqualTo(1.5);
      assertThat(ComparisonPage.render(comparison)).contains("Decoding: speed against quality");
    }
    BenchFigures unnamed = bench("{\"schema\":\"cmoe.bench/1\",\"prefill\":{\"moe\":3}}");
    assertThat(Comparison.of(sources, List.of(unnamed, unnamed)).runs())
        .allMatch(run -> run.bench() != null);
    failed(() -> Comparison.of(sources, List.of(unnamed)), "does not say of which model");
    failed(() -> Comparison.of(sources, List.of(benchOf("none"))), "none of the runs");
    failed(
        () -> Comparison.of(sources, List.of(benchOf("out/a"), benchOf("out/a"))), "the same run");
    failed(
        () ->
            Comparison.of(
                List.of(source("p/a", SampleReports.bare()), source("q/a", SampleReports.bare())),
                List.of(benchOf("r/a"))),
        "several of the runs");
  }

  @Test
  void readsBenchDocumentsOfSeveralForms() {
    BenchFigures figures =
        bench(
            """
            {"schema":"cmoe.bench/1","model":{"name":"m"},
             "prefill":[{"batch":1,"moe":{"median":12.5,"spread":1},"dense":10},{"batch":8,"moe":99}],
             "decode":{"dense":1,"moe":0},"batches":[{"batch":1}]}""");
    assertThat(figures.model()).isEqualTo("m");
    assertThat(figures.prefill()).isEqualTo(new BenchFigures.Rates(12.5, 10.0, null));
    assertThat(figures.decode()).isNull();
    failed(() -> bench("{\"schema\":\"cmoe.eval/1\"}"), "schema is cmoe.eval/1");
    failed(() -> bench("{\"schema\":\"cmoe.bench/1\"}"), "neither prefill nor decode");
    failed(() -> bench("{"), "not a bench document");
    failed(() -> BenchFigures.read(dir.resolve("none")), "no such file");
  }

  private static void failed(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String m) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
        .hasMessageContaining(m);
  }
}
