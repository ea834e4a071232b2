package dev.cmoe.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Lists the options of a command under the name of the mixin that brings each; its own come first,
 * help and version last. The library's argument groups would give such headings too, but forget
 * what was given when an option of the same group is given twice.
 */
final class OptionSections implements IHelpSectionRenderer {
  /** The library's own name for the mixin of help and version. */
  private static final String STANDARD = "mixinStandardHelpOptions";

  @Override
  public String render(Help help) {
    StringBuilder text = new StringBuilder();
    sections(help.commandSpec())
        .forEach(
            (heading, options) -> {
              if (!options.isEmpty()) {
                text.append(String.format("%n%s:%n", heading)).append(list(help, options));
              }
            });
    return text.toString();
  }

  private static Map<String, List<OptionSpec>> sections(CommandSpec command) {
    Map<String, List<OptionSpec>> sections = new LinkedHashMap<>();
    List<OptionSpec> own = new ArrayList<>(command.options());
    sections.put("Options", own);
    List<OptionSpec> standard = new ArrayList<>();
    command
        .mixins()
        .forEach(
            (name, mixin) -> {
              own.removeAll(mixin.options());
              if (name.equals(STANDARD)) {
                standard.addAll(mixin.options());
              } else {
                sections.put(name, mixin.options());
              }
            });
    sections.put("Help", standard);
    return sections;
  }

  private static String list(Help help, List<OptionSpec> options) {
    // Made for all options, so that the columns of all sections agree.
    CommandSpec command = help.commandSpec();
    Help.Layout layout =
        help.createDefaultLayout(
            command.options(), command.positionalParameters(), help.colorScheme());
    layout.addOptions(options, help.parameterLabelRenderer());
    return layout.toString();
  }
}
