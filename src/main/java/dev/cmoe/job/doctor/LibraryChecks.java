package dev.cmoe.job.doctor;

import dev.cmoe.carve.grouping.HostProducts;
import dev.cmoe.checkpoint.Tokenizer;
import dev.cmoe.engine.Libtorch;
import dev.cmoe.engine.LibtorchSource;
import dev.cmoe.run.FailureKind;
import dev.cmoe.run.Versions;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The native libraries: whether each loads, where from, and whether it does a small thing right.
 */
final class LibraryChecks {
  private static final String TEXT = "The old man";

  /** Float32 sums of 65 products. */
  private static final double ROUNDING = 1e-5;

  /** As DJL names the folder that it unpacks libtorch into. */
  private static final Pattern BUNDLED_FLAVOR = Pattern.compile("-(cpu|cu\\d+)-");

  private LibraryChecks() {}

  /** libtorch, which is loaded. */
  static Check libtorch(Libtorch libtorch, LibtorchSource source) {
    String flavor = "cpu";
    String version = libtorch.version();
    String origin = "bundled";
    if (source instanceof LibtorchSource.Installed installed) {
      origin = LibtorchSource.PATH;
      version = installed.version().orElse(version);
      Matcher local = Pattern.compile("[+](\\w+)").matcher(version);
      flavor = local.find() ? local.group(1) : installed.cuda() ? "cuda" : "cpu";
    } else {
      Matcher name = BUNDLED_FLAVOR.matcher(libtorch.folder().getFileName().toString());
      flavor = name.find() ? name.group(1) : flavor;
    }
    String found =
        "%s (%s), from %s"
            .formatted(
                version,
                flavor,
                origin.equals("bundled")
                    ? "the copy inside cmoe, unpacked into " + libtorch.folder()
                    : LibtorchSource.PATH + ", " + libtorch.folder());
    Check check =
        source instanceof LibtorchSource.Bundled bundled && bundled.ignored().isPresent()
            ? Check.warning(
                "libtorch",
                found
                    + "; there is no libtorch in "
                    + LibtorchSource.PATH
                    + "="
                    + bundled.ignored().get(),
                "correct or unset " + LibtorchSource.PATH)
            : Check.ok("libtorch", found);
    return check
        .with("version", version)
        .with("flavor", flavor)
        .with("origin", origin)
        .with("path", libtorch.folder().toString());
  }

  /**
   * The tokenizers library reads a few words with the bundled model's tokenizer, and gives them
   * back.
   */
  static Check tokenizers() {
    try (Tokenizer tokenizer = Tokenizer.bundled()) {
      int[] tokens = tokenizer.encode(TEXT, false);
      String back = tokenizer.decode(tokens);
      String found = "'%s' is %d tokens and back '%s'".formatted(TEXT, tokens.length, back);
      return back.equals(TEXT) && tokens.length > 0
          ? Check.ok("tokenizers", found).with("tokens", tokens.length)
          : Check.failed("tokenizers", FailureKind.VERIFICATION, found, "");
    }
  }

  /** ND4J multiplies two small matrices. */
  static Check nd4j() {
    return nd4j(HostProducts.tried());
  }

  static Check nd4j(HostProducts tried) {
    String found =
        String.format(
            Locale.ROOT,
            "%s %s, a small product is right to %.0e",
            Versions.current().nd4j(),
            tried.backend(),
            tried.error());
    Check check =
        tried.error() <= ROUNDING
            ? Check.ok("nd4j", found)
            : Check.failed(
                "nd4j",
                FailureKind.VERIFICATION,
                found + ", and rounding allows " + ROUNDING,
                "do not carve on this machine, and report it");
    return check.with("backend", tried.backend()).with("error", tried.error());
  }
}
