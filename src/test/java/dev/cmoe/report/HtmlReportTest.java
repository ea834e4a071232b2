package dev.cmoe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class HtmlReportTest {
  private static final List<RunReport> SAMPLES =
      List.of(
          TunedReports.taught(),
          TunedReports.twice(),
          TunedReports.alone(),
          TunedReports.large(),
          SampleReports.demo(),
          SampleReports.large(),
          SampleReports.bare(),
          SampleReports.withoutRouting());

  private static Document parse(String html) throws Exception {
    var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    return builder.parse(new InputSource(new StringReader(html)));
  }

  private static List<Element> elements(Document page, String name) {
    NodeList nodes = page.getElementsByTagName(name);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  @Test
  void isWellFormedAndNeedsNothingElse() throws Exception {
    for (RunReport report : SAMPLES) {
      String html = HtmlReport.render(report);
      parse(html);
      assertThat(html.toLowerCase(Locale.ROOT))
          .doesNotContain("http")
          .doesNotContain("<script")
          .doesNotContain("<link")
          .doesNotContain("@import")
          .doesNotContain("url(")
          .doesNotContain("nan")
          .doesNotContain("infinity")
          .doesNotContain("null");
    }
  }

  @Test
  void describesEveryDrawingToThoseWhoCannotSeeIt() throws Exception {
    for (RunReport report : SAMPLES) {
      Document page = parse(HtmlReport.render(report));
      Set<String> ids = new HashSet<>();
      for (String name : List.of("title", "desc")) {
        for (Element element : elements(page, name)) {
          if (element.hasAttribute("id")) {
            assertThat(ids.add(element.getAttribute("id"))).as(element.getAttribute("id")).isTrue();
          }
        }
      }
      for (Element svg : elements(page, "svg")) {
        assertThat(svg.getAttribute("role")).isEqualTo("img");
        assertThat(ids).contains(svg.getAttribute("aria-labelledby").split(" "));
      }
      assertThat(elements(page, "svg")).isNotEmpty();
      assertThat(elements(page, "table")).isNotEmpty();
    }
  }

  @Test
  void escapesWhatOthersNamed() throws Exception {
    String name = "a<b> & \"c\" 'd' \u0007";
    String html = HtmlReport.render(SampleReports.demo(name, List.of("<img src=x onerror=y>")));

    assertThat(html).doesNotContain("<b>").doesNotContain("<img").doesNotContain("\u0007");
    assertThat(parse(html).getElementsByTagName("title").item(0).getTextContent())
        .startsWith("a<b> & \"c\" 'd' \uFFFD");
  }

  @Test
  void saysTheOutcomeInPlainWords() {
    assertThat(HtmlReport.render(SampleReports.demo()))
        .contains(
            "Perplexity 55.1 against 50.6 dense (×1.09) at 50\u202f% of the FFN neurons per token")
        .contains("The same budget without routing gives 59.2: this run recovers 47\u202f%");
  }

  @Test
  void saysSoWhenRoutingDoesNotPay() {
    assertThat(comparison(50.584, 51.375, 51.081)).contains("does not pay for itself");
    assertThat(comparison(50.584, 51.1, 51.081)).contains("neither helps nor hurts");
    assertThat(comparison(50.584, 50.4, 51.081)).contains("recovers all");
    assertThat(comparison(50.584, 51.375, null)).contains("left the controls out");
    assertThat(new Verdict(SampleReports.bare()).headline()).contains("not evaluated");
    assertThat(new Verdict(SampleReports.withoutRouting()).comparison()).contains("routes nothing");
  }

  @Test
  void doesNotDependOnTheMachine() {
    Locale before = Locale.getDefault();
    String html = HtmlReport.render(SampleReports.demo());
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertThat(HtmlReport.render(SampleReports.demo())).isEqualTo(html);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void staysSmallWithManyLayersAndExperts() {
    assertThat(HtmlReport.render(SampleReports.large()).length()).isLessThan(600_000);
  }

  @Test
  void tellsOfTheTrainingAndThenOfTheCarve() {
    String html = HtmlReport.render(TunedReports.taught());

    assertThat(html)
        .contains("Fine-tuned from perplexity 55.2 to 52.1, against 50.6 dense")
        .contains("66\u202f% of the gap to the dense model in log-perplexity is closed")
        .containsSubsequence(
            ">Perplexity<",
            ">Loss<",
            ">Cross-entropy<",
            ">Divergence from the teacher<",
            ">Learning rate<",
            "As a share of the full rates: lora 0.001, router 0.0001.",
            "Tokens of each expert, before",
            "Tokens of each expert, after",
            "Load of the busiest expert",
            ">Trained values<",
            "Time of each stage",
            ">Carving<",
            "Perplexity 55.1 against 50.6 dense",
            "Reconstruction error",
            "Tokens routed to each expert",
            "How often neurons matter")
        .contains("id=\"tuning-loss-t\"", "schema cmoe.finetune/1");
  }

  @Test
  void keepsEveryChartOfTheCarve() throws Exception {
    Set<String> charts = new HashSet<>();
    for (Element svg : elements(parse(HtmlReport.render(TunedReports.taught())), "svg")) {
      charts.add(svg.getAttribute("aria-labelledby"));
    }
    List<Element> carve = elements(parse(HtmlReport.render(SampleReports.demo())), "svg");
    assertThat(carve).isNotEmpty();
    for (Element svg : carve) {
      assertThat(charts).contains(svg.getAttribute("aria-labelledby"));
    }
  }

  @Test
  void aFineTuningAloneHasNothingOfACarve() {
    assertThat(HtmlReport.render(TunedReports.alone()))
        .contains("demo fine-tuned, with no text held out to measure on", ">Loss<")
        .doesNotContain(">Carving<", "Divergence", "Tokens of each expert", ">Gap closed<");
    assertThat(HtmlReport.render(TunedReports.twice()))
        .containsSubsequence("52.1 to 49.0", ">Fine-tuned before<", "55.2 to 52.1", ">Carving<");
  }

  @Test
  void longTrainingsStaySmallAndKeepTheirPeaks() {
    assertThat(HtmlReport.render(TunedReports.large()).length()).isLessThan(900_000);
    List<CurveChart.Point> points = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      points.add(new CurveChart.Point(i, i == 31_234 ? 9 : i % 7));
    }
    List<CurveChart.Point> thinned = CurveChart.thinned(points);
    assertThat(thinned).hasSizeLessThan(1000).contains(points.get(31_234), points.get(0));
    assertThat(thinned.get(thinned.size() - 1)).isEqualTo(points.get(49_999));
    assertThat(thinned).extracting(CurveChart.Point::step).isSorted().doesNotHaveDuplicates();
    assertThat(CurveChart.thinned(points.subList(0, 900))).hasSize(900);
  }

  @Test
  void drawsAllVariantsOnALogarithmicScaleWhereTheySpanTooMuch() {
    assertThat(HtmlReport.render(SampleReports.large())).contains("log scale");
    assertThat(HtmlReport.render(SampleReports.demo()))
        .doesNotContain(">log scale<")
        .contains("random groups and router");
  }

  private static String comparison(double dense, double carved, Double staticFitted) {
    PerplexityFigures figures =
        new PerplexityFigures(
            dense, carved, null, staticFitted, null, 37888, "t", null, null, null, null);
    return new Verdict(SampleReports.withPerplexity(SampleReports.demo(), figures)).comparison();
  }
}
