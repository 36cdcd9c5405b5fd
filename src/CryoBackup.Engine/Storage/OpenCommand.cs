namespace CryoBackup.Storage;

/// <summary>The command lines with which stock tools restore a backup, without CryoBackup, for each shell.</summary>
/// <param name="fileName">The backup file's name, in the current folder.</param>
/// <param name="compression">How it is compressed.</param>
/// <param name="isEncrypted">True if it is encrypted.</param>
/// <remarks>NAME stands for the target database, IDENTITY for the file of the secret key.</remarks>
internal sealed class OpenCommand(string fileName, CompressionKind compression, bool isEncrypted = false)
{
    // PowerShell takes each of them for the end of a text.
    private const string PowerShellQuotes = "'\u2018\u2019\u201A\u201B";

    /// <summary>For a POSIX shell.</summary>
    public string ForShell() =>
        Pipe("gunzip", "gunzip -c", Plain(fileName) ? fileName : $"'{fileName.Replace("'", "'\\''", StringComparison.Ordinal)}'");

    /// <summary>
    /// For cmd.exe of Windows, also within a PowerShell, as <c>cmd /c</c>. Of the names that <see cref="BackupFileName"/> makes nothing
    /// acts within its quotes, for between two percent signs stand digits, and what no variable is called.
    /// </summary>
    public string ForCmd() => Pipe("gzip -dc", "gzip -dc", $"\"{fileName}\"");

    /// <summary>
    /// For PowerShell 7. It reads gzip itself, for Windows brings no program for that; other lines are of programs, between which bytes
    /// stay bytes from 7.4 on. Windows PowerShell reads only the first of gzip's members, and takes cmd's line.
    /// </summary>
    public string ForPowerShell()
    {
        string file = Plain(fileName) ? fileName : PowerShellText(fileName);
        if (compression != CompressionKind.Gzip)
        {
            return Pipe("", "", file);
        }

        string source = $"[IO.File]::OpenRead((Convert-Path -LiteralPath {PowerShellText(fileName)}))";
        string restore =
            Start("pg_restore", "'-d NAME'", "RedirectStandardInput")
            + $"$plain = [IO.Compression.GZipStream]::new({(isEncrypted ? "$age.StandardOutput.BaseStream" : source)}, "
            + "[IO.Compression.CompressionMode]::Decompress); $plain.CopyTo($pg_restore.StandardInput.BaseStream); $plain.Dispose(); "
            + "$pg_restore.StandardInput.Close(); ";
        return isEncrypted
            ? Start("age", PowerShellText($"-d -i IDENTITY \"{fileName}\""), "RedirectStandardOutput")
                + restore
                + "$age.WaitForExit(); $pg_restore.WaitForExit(); $age.ExitCode, $pg_restore.ExitCode"
            : restore + "$pg_restore.WaitForExit(); $pg_restore.ExitCode";
    }

    private static string Start(string program, string arguments, string stream) =>
        $"${program} = [Diagnostics.Process]::Start([Diagnostics.ProcessStartInfo] @{{ FileName = '{program}'; Arguments = {arguments}; "
        + $"WorkingDirectory = (Convert-Path .); UseShellExecute = $false; {stream} = $true }}); ";

    /// <param name="gunzip">What takes the place of gzip's program at a pipe.</param>
    /// <param name="gunzipFile">The same for a file.</param>
    /// <param name="file">The file, as the shell wants it.</param>
    private string Pipe(string gunzip, string gunzipFile, string file)
    {
        (string? filter, string? ofFile) = compression switch
        {
            CompressionKind.Gzip => (gunzip, gunzipFile),
            CompressionKind.Zstd => ("zstd -dc", "zstd -dc"),
            _ => ((string?)null, (string?)null),
        };
        return isEncrypted ? $"age -d -i IDENTITY {file} | {(filter is null ? "" : filter + " | ")}pg_restore -d NAME"
            : ofFile is null ? $"pg_restore -d NAME {file}"
            : $"{ofFile} {file} | pg_restore -d NAME";
    }

    private static bool Plain(string name) => name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-' or '.');

    private static string PowerShellText(string text)
    {
        IEnumerable<string> letters = text.Select(letter => new string(letter, PowerShellQuotes.Contains(letter) ? 2 : 1));
        return $"'{string.Concat(letters)}'";
    }
}
