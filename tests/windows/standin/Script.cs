using System.Collections;
using System.Text;

namespace CryoBackup.StandIn;

/// <summary>The script for sh that runs the real program.</summary>
internal static class Script
{
    /// <summary>Writes it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments, with names of files as Windows has them.</param>
    /// <param name="folder">The folder that takes what it says.</param>
    public static string For(string program, string[] arguments, string folder)
    {
        var text = new StringBuilder();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (
                variable.Key is string name
                && (name.StartsWith("PG", StringComparison.Ordinal) || name is "LC_ALL" or "LC_MESSAGES" or "TZ")
            )
            {
                text.Append($"export {name}={Quote(UnixNames.ToUnix((string)variable.Value!))}\n");
            }
        }

        IEnumerable<string> words = arguments.Select(Answerable).Select(UnixNames.ToUnix);
        // The client for Linux comes without its library.
        text.Append("export LD_LIBRARY_PATH=/opt/pg/linux-14/lib\n");
        text.Append($"cd {Quote(folder)}\n");
        text.Append($"{Quote(program)} {string.Join(' ', words.Select(Quote))} <in >out 2>err\n");
        text.Append("echo $? >code.new\nmv code.new code\n");
        return text.ToString();
    }

    /// <summary>An argument of initdb so that passwords can be answered for: Npgsql cannot answer SCRAM in Wine, which lacks PBKDF2
    /// (BCryptDeriveKeyPBKDF2).</summary>
    public static string Answerable(string word) => word == "--auth=scram-sha-256" ? "--auth=md5" : word;

    private static string Quote(string word) => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
