using CryoBackup.Processes;

namespace CryoBackup.Tests.Encryption;

/// <summary>Pairs of keys, made by the stock programs.</summary>
internal static class KeyPairs
{
    /// <summary>Makes a pair.</summary>
    /// <param name="folder">Takes the identity file.</param>
    /// <param name="kind">age, ed25519 or rsa.</param>
    /// <returns>The path of the identity, and the public key without its comment.</returns>
    public static (string Identity, string Recipient) Make(TemporaryFolder folder, string kind)
    {
        string path = Path.Combine(folder.Path, $"{kind}-{Guid.NewGuid():N}");
        if (kind == "age")
        {
            Sh($"age-keygen -o '{path}'");
            return (path, Sh($"age-keygen -y '{path}'").Trim());
        }

        Sh($"ssh-keygen -q -t {kind} {(kind == "rsa" ? "-b 2048" : "")} -N '' -C 'a b@c' -f '{path}'");
        return (path, string.Join(' ', File.ReadAllText(path + ".pub").Split(' ')[..2]));
    }

    /// <summary>Runs a line of bash that must succeed.</summary>
    /// <returns>What it printed.</returns>
    public static string Sh(string line)
    {
        (int exitCode, string output, IReadOnlyList<string> errors) = Run(line);
        return exitCode == 0 ? output : throw new InvalidOperationException($"{line}\n{string.Join('\n', errors)}");
    }

    /// <summary>Runs a line of bash.</summary>
    public static (int ExitCode, string Output, IReadOnlyList<string> Errors) Run(string line) =>
        ToolProcess.Run(new ToolCommand("/bin/bash", "-c", "set -euo pipefail; " + line), CancellationToken.None);
}
