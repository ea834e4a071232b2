package dev.cmoe.cli;

import dev.cmoe.recipe.RecipeLayers;
import dev.cmoe.run.FailureKind;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.ListResourceBundle;
import java.util.Map;
import java.util.Objects;
import java.util.ResourceBundle;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The program as a function from arguments to an exit code. */
public final class Cli {
  private static final int NARROWEST = 80;
  private static final int WIDEST = 120;

  private final Workshop workshop;
  private final Console console;

  public Cli(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  /** Runs one command. Never throws; the exit codes are those of {@link FailureKind}, and 0. */
  public int run(String... args) {
    FailureHandler failures = new FailureHandler(console, args);
    try {
      return commandLine(failures, args).execute(args);
    } catch (Throwable e) { // An Error passes through picocli; it too ends in one line and a code.
      return failures.handle(e, "");
    } finally {
      console.out().flush();
      console.err().flush();
    }
  }

  /** {@link #run}, as all that this process does: says so when it is stopped from outside. */
  public int runProcess(String... args) {
    Interruption interruption = Interruption.arm(console, new FailureHandler(console, args));
    int code = run(args);
    interruption.disarm();
    return code;
  }

  private CommandLine commandLine(FailureHandler failures, String... args) {
    CommandLine root = new CommandLine(new CmoeCommand(console));
    root.addSubcommand(new CarveCommand(workshop, console));
    root.addSubcommand(new FinetuneCommand(workshop, console));
    root.addSubcommand(new ExportCommand(workshop, console));
    root.addSubcommand(new InspectCommand(workshop, console));
    root.addSubcommand(new VerifyCommand(workshop, console));
    root.addSubcommand(new EvalCommand(workshop, console));
    root.addSubcommand(new ReportCommand(workshop, console));
    root.addSubcommand(new GenerateCommand(workshop, console));
    root.addSubcommand(new BenchCommand(workshop, console));
    root.addSubcommand(new DoctorCommand(workshop, console));
    root.addSubcommand(new LogitsCommand(workshop, console));
    root.addSubcommand(new ForwardCommand(workshop, console));
    root.addSubcommand(new SynthesizeCommand(workshop, console));
    root.addSubcommand(new CommandLine.HelpCommand());
    root.setParameterExceptionHandler(failures);
    root.setExecutionExceptionHandler(failures);
    root.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    root.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    root.setUsageHelpWidth(Math.max(NARROWEST, Math.min(WIDEST, console.terminal().columns())));
    root.setAbbreviatedOptionsAllowed(false);
    describe(root);
    root.getSubcommands().forEach((name, command) -> describe(command));
    // Only a command that is named can show its options; 'cmoe --help' is spared the recipes.
    Stream.of(args)
        .map(root.getSubcommands()::get)
        .filter(Objects::nonNull)
        .forEach(command -> command.setResourceBundle(defaults()));
    return root;
  }

  /** Gives the help of a command what all commands have in common. */
  private static void describe(CommandLine command) {
    UsageMessageSpec help = command.getCommandSpec().usageMessage();
    help.sortOptions(false).exitCodeListHeading("%nExit codes:%n").exitCodeList(exitCodes());
    Map<String, IHelpSectionRenderer> sections = new HashMap<>(help.sectionMap());
    sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, new OptionSections());
    help.sectionMap(sections);
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "ok");
    for (FailureKind kind : FailureKind.values()) {
      codes.put(Integer.toString(kind.exitCode()), FailureHandler.describe(kind));
    }
    return codes;
  }

  /**
   * Lets help texts say <code>${bundle:default.KEY}</code>, so that no default stands in two
   * places.
   */
  private static ResourceBundle defaults() {
    return new ListResourceBundle() {
      @Override
      protected Object[][] getContents() {
        return RecipeLayers.keys().stream()
            .map(key -> new Object[] {"default." + key, RecipeLayers.standardText(key)})
            .toArray(Object[][]::new);
      }
    };
  }
}
