package dev.cmoe.nn;

import dev.cmoe.arch.RouterKind;
import dev.cmoe.finetune.TinyCarved;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Named;

/** Carved models that every way through a step must get right, written to a directory each. */
final class StepModels {
  private StepModels() {}

  /**
   * Every family, some of which have two tables of angles, or windows, shorter than a prompt of
   * seven, in some layers; every router, with a shared expert and without.
   */
  static List<Named<Consumer<Path>>> all() {
    List<Named<Consumer<Path>>> all = new ArrayList<>();
    for (String family : TinyCarved.families()) {
      all.add(Named.of(family, dir -> new TinyCarved().scaled().write(dir, family)));
    }
    for (RouterKind router : RouterKind.values()) {
      all.add(
          Named.of("router " + router, dir -> new TinyCarved().router(router).write(dir, "llama")));
      if (router != RouterKind.NONE) {
        all.add(
            Named.of(
                "scaled experts alone, router " + router,
                dir -> new TinyCarved().router(router).sharing(0).scaled().write(dir, "llama")));
      }
    }
    return all;
  }
}
