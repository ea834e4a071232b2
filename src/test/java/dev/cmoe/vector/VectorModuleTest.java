package dev.cmoe.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorModuleTest {
  @ParameterizedTest
  @CsvSource({
    "17, OpenJDK 64-Bit Server VM, 17.0.15+6, 'mixed mode, sharing', true",
    "18, Java HotSpot(TM) 64-Bit Server VM, 18+36, mixed mode, true",
    "19, OpenJDK 64-Bit Server VM, 19+36, 'mixed mode, sharing', false",
    "17, OpenJDK 64-Bit Server VM, 17.0.9+9-jvmci-23.0-b22, 'mixed mode, sharing', false",
    "17, OpenJDK 64-Bit Server VM, 17.0.15+6, 'mixed mode, emulated-client', false",
    "17, OpenJDK 64-Bit Server VM, 17.0.15+6, interpreted mode, false",
    "17, Eclipse OpenJ9 VM, openj9-0.50, JRE 17 Linux amd64-64-Bit Compressed References, false"
  })
  void isForTheCompilerThatMakesVectors(
      int java, String name, String version, String info, boolean expected) {
    Map<String, String> properties =
        Map.of("java.vm.name", name, "java.vm.version", version, "java.vm.info", info);
    assertThat(VectorModule.isCompiledBy(java, properties::get)).isEqualTo(expected);
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_18)
  void isThereInTests() {
    assertThat(VectorModule.isUsable()).isTrue();
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_19)
  void isNotForLaterJava() {
    assertThat(VectorModule.isUsable()).isFalse();
  }
}
