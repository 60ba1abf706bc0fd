using System.CommandLine;

namespace Domicile.Cli.Verbs;

/// <summary><c>domicile completion SHELL</c>: a script that asks the program itself what fits.</summary>
internal static class CompletionVerb
{
    public const string Bash =
        """
        # bash completion for domicile: source <(domicile completion bash)
        _domicile() {
            local IFS=$'\n'
            COMPREPLY=($("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
            COMPREPLY=($(compgen -W "${COMPREPLY[*]}" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _domicile domicile ./domicile

        """;

    public const string Zsh =
        """
        #compdef domicile
        # zsh completion for domicile: source <(domicile completion zsh)
        _domicile() {
            local -a fitting
            fitting=("${(@f)$("${words[1]}" "[suggest:${#BUFFER}]" "${BUFFER}" 2>/dev/null)}")
            compadd -- "${fitting[@]}"
        }
        compdef _domicile domicile ./domicile

        """;

    public const string Fish =
        """
        # fish completion for domicile: domicile completion fish | source
        function __domicile_fitting
            set -l line (commandline -cp)
            set -l words (commandline -opc)
            command $words[1] "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
        end
        complete -c domicile -f -a '(__domicile_fitting)'

        """;

    private static readonly Argument<string> Shell = Shells();

    public static Command Create(CliHost host)
        => new VerbCommand(
            "completion", "Print a completion script for a shell",
            "source <(domicile completion bash)", "source <(domicile completion zsh)", "domicile completion fish | source")
        {
            Shell,
        }.Runs(host, (call, _) => Task.FromResult(Run(call)));

    private static Argument<string> Shells()
    {
        var argument = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        return argument.AcceptOnlyFromAmong("bash", "zsh", "fish");
    }

    private static int Run(VerbCall call)
    {
        var shell = call.Get(Shell);
        var script = shell switch { "bash" => Bash, "zsh" => Zsh, _ => Fish };
        if (call.Terminal.IsJson)
        {
            call.Terminal.PrintJson(new CompletionDocument(shell, script), CliJson.Default.CompletionDocument);
        }
        else
        {
            call.Terminal.PrintText(script);
        }

        return ExitCode.Done;
    }
}
