namespace CryoBackup.Storage;

/// <summary>The command line with which stock tools restore a backup, without CryoBackup.</summary>
internal static class OpenCommand
{
    /// <summary>The line for a file in the current folder; NAME stands for the target database.</summary>
    /// <param name="fileName">The backup file's name.</param>
    /// <param name="compression">How it is compressed.</param>
    /// <param name="isEncrypted">True if it is encrypted; IDENTITY then stands for the file of the secret key.</param>
    /// <returns>A line for a POSIX shell.</returns>
    public static string For(string fileName, CompressionKind compression, bool isEncrypted = false)
    {
        string file = Quote(fileName);
        if (isEncrypted)
        {
            string decompress = compression switch
            {
                CompressionKind.Gzip => "gunzip | ",
                CompressionKind.Zstd => "zstd -dc | ",
                _ => "",
            };
            return $"age -d -i IDENTITY {file} | {decompress}pg_restore -d NAME";
        }

        return compression switch
        {
            CompressionKind.Gzip => $"gunzip -c {file} | pg_restore -d NAME",
            CompressionKind.Zstd => $"zstd -dc {file} | pg_restore -d NAME",
            _ => $"pg_restore -d NAME {file}",
        };
    }

    private static string Quote(string name) =>
        name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-' or '.')
            ? name
            : "'" + name.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
