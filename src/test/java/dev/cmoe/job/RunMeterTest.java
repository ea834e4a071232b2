package dev.cmoe.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cmoe.report.RunCost;
import dev.cmoe.report.StageCost;
import dev.cmoe.run.RunEvent;
import dev.cmoe.run.Stage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class RunMeterTest {
  private final List<RunEvent> passed = new ArrayList<>();

  @Test
  void measuresOutermostStages() {
    try (RunMeter meter = new RunMeter(passed::add)) {
      try (Stage outer = Stage.start(meter, "carving", "layers", 2)) {
        outer.advance(1);
        try (Stage inner = Stage.start(meter, "reading", "bytes", 0)) {
          inner.advance(5);
        }
      }
      Stage.start(meter, "evaluating", "windows", 1).close();
      RunCost cost = meter.cost();

      assertThat(cost.stages())
          .extracting(StageCost::name)
          .containsExactly("carving", "evaluating");
      assertThat(cost.totalSeconds())
          .isGreaterThanOrEqualTo(cost.stages().stream().mapToDouble(StageCost::seconds).sum());
    }
  }

  @Test
  void passesEveryEventOn() {
    try (RunMeter meter = new RunMeter(passed::add)) {
      Stage.start(meter, "carving", "layers", 2).close();
      meter.note("n");
      meter.warn("w");

      assertThat(meter.warnings()).containsExactly("w");
      assertThat(passed).hasSize(4);
      assertThat(passed.get(3)).isEqualTo(new RunEvent.Warned("w"));
    }
  }

  @Test
  void seesAPeakInsideAStage() throws InterruptedException {
    Assumptions.assumeTrue(ProcessMemory.now().anonymous() > 0, "the system does not tell");
    try (RunMeter meter = new RunMeter(passed::add)) {
      try (Stage stage = Stage.start(meter, "carving", "layers", 1)) {
        ByteBuffer held = ByteBuffer.allocateDirect(96 << 20);
        for (int i = 0; i < held.capacity(); i += 4096) {
          held.put(i, (byte) 1);
        }
        Thread.sleep(200);
        stage.advance(held.get(0));
      }
      RunCost cost = meter.cost();

      assertThat(cost.peakAnonymousBytes()).isGreaterThan(96L << 20);
      assertThat(cost.peakAnonymousBytes())
          .isGreaterThanOrEqualTo(cost.stages().get(0).peakAnonymousBytes());
      assertThat(cost.peakRssBytes()).isGreaterThanOrEqualTo(cost.peakAnonymousBytes());
    }
  }
}
