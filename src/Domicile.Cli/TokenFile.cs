using System.Globalization;
using System.Text;
using Domicile.Cli.Verbs;
using Domicile.Deployments;

namespace Domicile.Cli;

/// <summary>Reads a bearer token out of a file.</summary>
internal static class TokenFile
{
    private const int BytesMax = 4_096;

    /// <summary>Of a file that a person named.</summary>
    public static string Read(string path, Action<string> say)
    {
        if (FileFacts.Behind(path) is { Kind: FileKind.Regular, IsOpen: true })
        {
            say($"warning: other users can read the token in {path}: close it with `chmod 600 {path}`");
        }

        return ReadText(path);
    }

    /// <summary>
    /// Of DIR/control/token. Where somebody else could have put it there, root, say, would send whatever it leads to, to
    /// wherever the endpoints beside it say.
    /// </summary>
    public static string ReadOwn(string path)
    {
        foreach (var part in (string[])[Path.GetDirectoryName(path)!, path])
        {
            if (FileFacts.At(part) is { } facts && (facts.Kind == FileKind.Link || facts.Owner != FileFacts.Self))
            {
                throw new VerbFailedException(
                    facts.Kind == FileKind.Link ? $"{part} is a link, where Domicile makes none"
                        : string.Create(CultureInfo.InvariantCulture, $"{part} is user {facts.Owner}'s, and you are user {FileFacts.Self}"),
                    "run the command as the user who runs the deployment, or give --control and --token-file");
            }
        }

        return ReadText(path);
    }

    private static string ReadText(string path)
    {
        var token = Encoding.UTF8.GetString(InputFile.Read(path, BytesMax)).Trim();
        return TokenStrength.IsSendable(token)
            ? token : throw new VerbFailedException($"{path} holds no token", "a token is one line of visible ASCII characters");
    }
}
