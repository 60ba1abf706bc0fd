using Domicile.Control;
using Domicile.Deployments;

namespace Domicile.Server.Hosting;

/// <summary>
/// The tokens of control's API: those of the configuration, and the first one, which control draws when it first starts
/// and writes into its directory for the operator of this machine, readable by its owner alone.
/// </summary>
internal static class ControlTokens
{
    public const string FileName = "token";

    /// <returns>What keeps control from starting; null where nothing does.</returns>
    public static async Task<string?> PrepareAsync(
        ControlDesk desk, DeploymentConfig config, string directory, Entropy entropy, CancellationToken cancellationToken)
    {
        var configured = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (label, secret) in config.Control.Tokens)
        {
            switch (secret.Read())
            {
                case SecretResult.Known known:
                    configured.Add(label, known.Value);
                    await WarnOfOpenAsync(secret);
                    break;
                case SecretResult.Missing missing:
                    return missing.Error.ToString();
            }
        }

        await desk.Tokens.PutConfiguredAsync(configured, cancellationToken);
        if (configured.ContainsKey(TokenBook.FirstLabel))
        {
            return null;
        }

        // The file decides: who deletes it gets a new token at the next start, and the old one is worth nothing.
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            SmallFile.Replace(path, entropy.DrawToken() + "\n", SmallFile.Secret);
        }

        var token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
        if (TokenStrength.Trouble(token) is not null)
        {
            return $"'{path}' holds no token; delete it, and control makes a new one at its next start";
        }

        await desk.Tokens.PutAsync(TokenBook.FirstLabel, token, cancellationToken);
        return null;
    }

    private static Task WarnOfOpenAsync(Secret secret)
        => secret.FilePath is { } file && FileFacts.Behind(file) is { IsOpen: true }
            ? Console.Error.WriteLineAsync($"warning: other users can read the token in '{file}'; close it: chmod 600 '{file}'")
            : Task.CompletedTask;
}
