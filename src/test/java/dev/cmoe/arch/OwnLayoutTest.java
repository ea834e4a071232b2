package dev.cmoe.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cmoe.run.CmoeException;
import dev.cmoe.run.FailureKind;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OwnLayoutTest {
  private static final MoeShape SHAPE = new MoeShape(3, 2, 8, 5, 5, 15, RouterKind.LINEAR, false);

  private static ConfigReader carved(MoeShape shape, String changes) {
    ConfigReader dense = Configs.llama("{'own_field': [1]}");
    ObjectNode tree = OwnLayout.config(dense.tree(), DenseFamilies.of(dense).read(dense), shape);
    tree.setAll(Configs.tree(changes));
    return new ConfigReader(Path.of("config.json"), tree);
  }

  @Test
  void writesWhatItReads() {
    for (MoeShape shape :
        new MoeShape[] {
          SHAPE,
          new MoeShape(3, 2, 8, 5, 5, 15, RouterKind.CMOE, true),
          new MoeShape(5, 0, 8, 0, 5, 25, RouterKind.NONE, false)
        }) {
      ConfigReader config = carved(shape, "{}");

      assertThat(OwnLayout.matches(config)).isTrue();
      assertThat(OwnLayout.shape(config)).isEqualTo(shape);
      assertThat(OwnLayout.decoder(config).intermediate()).isEqualTo(40);
      assertThat(config.tree().path("own_field").path(0).asInt()).isEqualTo(1);
    }
    assertThat(OwnLayout.matches(Configs.llama("{}"))).isFalse();
  }

  @Test
  void refusesWhatDoesNotGoTogether() {
    refused("{'router_type': 'magic'}", "'router_type' is 'magic'");
    refused("{'router_type': null}", "'router_type' is ''");
    refused("{'gate_type': 'soft'}", "'gate_type' is 'soft'");
    refused("{'num_experts_per_tok': 6}", "6 is more than num_experts 5");
    refused("{'num_experts': 0, 'num_experts_per_tok': 0}", "does not go with num_experts 0");
    refused("{'router_type': 'none'}", "does not go with num_experts 5");
    refused("{'num_experts': -1}", "'num_experts' is -1");
    refused("{'num_experts': null}", "'num_experts' is missing");
    refused("{'moe_intermediate_size': 0}", "'moe_intermediate_size' is 0");
  }

  private static void refused(String changes, String part) {
    assertThatThrownBy(() -> OwnLayout.shape(carved(SHAPE, changes)))
        .isInstanceOfSatisfying(
            CmoeException.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.BAD_INPUT))
        .hasMessageContaining(part);
  }
}
