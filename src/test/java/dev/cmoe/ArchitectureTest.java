package dev.cmoe;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Holds the arrows between the rooms. A room that is still empty passes. The rules are plain tests:
 * ArchUnit's own annotation was seen to be skipped without a word.
 */
class ArchitectureTest {
  /** From the top down; a room may use those after it. */
  private static final List<String> ROOMS =
      List.of(
          "cli",
          "job",
          "condense",
          "tomoe",
          "export",
          "carve",
          "finetune",
          "eval",
          "generation",
          "bench",
          "report",
          "recipe",
          "nn",
          "calibration",
          "gguf",
          "checkpoint",
          "arch",
          "engine",
          "safetensors",
          "vector",
          "run");

  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.cmoe");

  @Test
  void everyClassIsInARoom() {
    classes()
        .that()
        .doNotHaveFullyQualifiedName("dev.cmoe.Main")
        .should()
        .resideInAnyPackage(ROOMS.stream().map(ArchitectureTest::inside).toArray(String[]::new))
        .check(CODE);
  }

  @Test
  void arrowsPointDownward() {
    for (int room = 1; room < ROOMS.size(); room++) {
      String[] above =
          ROOMS.subList(0, room).stream().map(ArchitectureTest::inside).toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(inside(ROOMS.get(room)))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(above)
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("dev.cmoe.Main")
          .allowEmptyShould(true)
          .check(CODE);
    }
  }

  @Test
  void leavesUseLittle() {
    usesOnly("recipe", "dev.cmoe.recipe..", "dev.cmoe.run..", "java..", "com.fasterxml.jackson..");
    usesOnly(
        "gguf",
        "dev.cmoe.gguf..",
        "dev.cmoe.checkpoint..",
        "dev.cmoe.arch..",
        "dev.cmoe.safetensors..",
        "dev.cmoe.run..",
        "java..",
        "com.fasterxml.jackson..");
    usesOnly("run", "dev.cmoe.run..", "java..");
    usesOnly("vector", "dev.cmoe.vector..", "java..", "jdk.incubator.vector..");
    usesOnly("safetensors", "dev.cmoe.safetensors..", "dev.cmoe.run..", "java..", "org.slf4j..");
  }

  @Test
  void librariesStayBehindTheirDoors() {
    DescribedPredicate<JavaClass> tokenizers = resideInAPackage("ai.djl.huggingface..");
    onlyIn(resideInAPackage("ai.djl..").and(DescribedPredicate.not(tokenizers)), "engine");
    onlyIn(tokenizers, "checkpoint");
    onlyIn(resideInAnyPackage("org.nd4j..", "org.bytedeco.."), "carve.grouping");
    onlyIn(resideInAPackage("jdk.incubator.vector.."), "vector");
    onlyIn(resideInAPackage("picocli.."), "cli");
    onlyIn(resideInAPackage("ch.qos.logback.."), "cli");
  }

  @Test
  void onlyTheCommandLinePrintsAndExits() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.cmoe.cli..")
        .and()
        .doNotHaveFullyQualifiedName("dev.cmoe.Main")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(CODE);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching("dev.cmoe.(**)").should().beFreeOfCycles().check(CODE);
  }

  private static void usesOnly(String room, String... packages) {
    classes()
        .that()
        .resideInAPackage(inside(room))
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(packages)
        .allowEmptyShould(true)
        .check(CODE);
  }

  private static void onlyIn(DescribedPredicate<JavaClass> library, String room) {
    noClasses()
        .that()
        .resideOutsideOfPackage(inside(room))
        .should()
        .dependOnClassesThat(library)
        .allowEmptyShould(true)
        .check(CODE);
  }

  private static String inside(String room) {
    return "dev.cmoe." + room + "..";
  }
}
