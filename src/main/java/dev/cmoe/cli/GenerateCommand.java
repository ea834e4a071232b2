package dev.cmoe.cli;

import dev.cmoe.generation.Chat;
import dev.cmoe.generation.Generator;
import dev.cmoe.generation.Prompt;
import dev.cmoe.generation.TokenChoice;
import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cmoe generate}: text from a dense or carved model. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    header = "Continue a prompt with a dense or carved model.",
    synopsisHeading = "%nUsage: ",
    customSynopsis = "cmoe generate [OPTIONS] MODEL --prompt TEXT",
    parameterListHeading = "%nArguments:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  cmoe generate demo --prompt 'The old man' --greedy",
      "  cmoe generate out/moe --prompt-file letter.txt --temperature 0.7 --seed 3",
      "  cmoe generate out/moe --chat --prompt 'Who are you?'",
      "  cmoe generate out/moe --prompt 'One day' --prompt 'At night' --json"
    })
final class GenerateCommand implements Callable<Integer> {
  private static final double TEMPERATURE = 0.8;
  private static final double TOP_P = 0.95;

  private final Workshop workshop;
  private final Console console;

  @Parameters(
      paramLabel = "MODEL",
      hideParamSyntax = true,
      description = "A model directory, dense or carved, or 'demo'.")
  private String model;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "Text to continue. Repeatable: prompts are continued side by side.")
  private List<String> prompts = new ArrayList<>();

  @Option(
      names = "--prompt-file",
      paramLabel = "FILE",
      description =
          "A UTF-8 file whose text is a prompt, one line break at its end left out. Repeatable; files"
              + " come after --prompt.")
  private List<Path> promptFiles = new ArrayList<>();

  @Option(
      names = "--chat",
      description = "Each prompt is a message of a user: put it into the model's chat template.")
  private boolean chat;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "With --chat: a system message before it.")
  private String system;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens to add at most (default: 128).")
  private int maxTokens;

  @Option(
      names = "--greedy",
      description = "Always the most likely token, instead of drawing one at random.")
  private boolean greedy;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Divides the logits before drawing; 0 is --greedy (default: 0.8).")
  private Double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Draw from the N most likely tokens; 0: from all (default: 0).")
  private Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the fewest tokens whose probabilities add up to P (default: 0.95).")
  private Double topP;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the draw: the same seed gives the same text (default: 0).")
  private long seed;

  @Option(
      names = "--stream",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Print text as it comes, or all of it at the end. Several prompts and --json always print at"
              + " the end (default: --stream).")
  private boolean stream;

  @Mixin(name = "Computing")
  private RuntimeOptions runtime = new RuntimeOptions();

  @Mixin(name = "Answering")
  private OutputOptions answering = new OutputOptions();

  GenerateCommand(Workshop workshop, Console console) {
    this.workshop = workshop;
    this.console = console;
  }

  @Override
  public Integer call() {
    List<Prompt> all = new ArrayList<>();
    prompts.forEach(text -> all.add(Prompt.typed(text)));
    promptFiles.forEach(file -> all.add(Prompt.read(file)));
    if (all.isEmpty()) {
      throw CmoeException.usage("no prompt: give --prompt TEXT or --prompt-file FILE");
    }
    if (maxTokens < 1) {
      throw CmoeException.usage("--max-tokens: '" + maxTokens + "' is not at least 1");
    }
    if (system != null && !chat) {
      throw CmoeException.usage("--system goes with --chat");
    }
    GenerateRequest request =
        new GenerateRequest(
            model,
            all,
            chat ? Optional.of(new Chat(Optional.ofNullable(system))) : Optional.empty(),
            choice(),
            maxTokens,
            runtime.spec());
    boolean telling = stream && all.size() == 1 && !answering.json();
    Generator.Listener said = telling ? (index, piece) -> tell(piece) : (index, piece) -> {};
    return answering.print(
        console, telling, listener -> workshop.generate(request, listener, said, telling));
  }

  private void tell(String piece) {
    console.out().print(piece);
    console.out().flush();
    if (console.out().checkError()) {
      throw CmoeException.resources("the text could not be written to standard output");
    }
  }

  private TokenChoice choice() {
    if (seed < 0) {
      throw CmoeException.usage("--seed: '" + seed + "' is not a whole number of at least 0");
    }
    boolean drawn = temperature != null && temperature != 0 || topK != null || topP != null;
    if (greedy && drawn) {
      throw CmoeException.usage(
          "--greedy does not go with --temperature, --top-k or --top-p: it draws nothing");
    }
    if (greedy || temperature != null && temperature == 0) {
      return new TokenChoice.Greedy();
    }
    double heat = temperature == null ? TEMPERATURE : temperature;
    double mass = topP == null ? TOP_P : topP;
    int most = topK == null ? 0 : topK;
    if (!(heat > 0) || Double.isInfinite(heat)) {
      throw CmoeException.usage("--temperature: '" + heat + "' is not a number of at least 0");
    }
    if (!(mass > 0 && mass <= 1)) {
      throw CmoeException.usage("--top-p: '" + mass + "' is not above 0 and at most 1");
    }
    if (most < 0) {
      throw CmoeException.usage("--top-k: '" + most + "' is not a whole number of at least 0");
    }
    return new TokenChoice.Sampled(heat, most, mass, seed);
  }
}
