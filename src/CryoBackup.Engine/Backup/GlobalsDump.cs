using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Streams;

namespace CryoBackup.Backup;

/// <summary>What belongs to no database, roles and tablespaces, as SQL beside a backup: written by pg_dumpall, compressed and encrypted like it.</summary>
internal static partial class GlobalsDump
{
    // pg_dumpall's last words; without them it was cut short.
    private static ReadOnlySpan<byte> Conclusion => "-- PostgreSQL database cluster dump complete"u8;

    /// <summary>What is appended to a backup's name.</summary>
    /// <param name="isSealed">True if the backup is encrypted.</param>
    public static string Suffix(bool isSealed) => ".globals.sql.gz" + (isSealed ? BackupFileName.SealedSuffix : "");

    /// <summary>Writes and publishes the file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="seal">Encrypts; null for no encryption.</param>
    /// <param name="pgDumpall">The program.</param>
    /// <param name="endpoint">The server, with any database of it.</param>
    /// <param name="application">Shown in pg_stat_activity.</param>
    /// <param name="withPasswords">False if the role may not read the password hashes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What the manifest records of it.</returns>
    /// <exception cref="CryoBackupException">DumpFailed and others; no file is left.</exception>
    public static BackupManifest.GlobalsRecord Write(
        string path, AgeSeal? seal, ClientTool pgDumpall, ServerEndpoint endpoint, string application, bool withPasswords, CancellationToken cancellationToken)
    {
        using var environment = new LibpqEnvironment(endpoint, application);
        List<string> arguments = ["--globals-only", "--no-password", $"--database={LibpqEnvironment.ConninfoForDatabase(endpoint.Database)}"];
        if (!withPasswords)
        {
            arguments.Add("--no-role-passwords");
        }

        var command = new ToolCommand(pgDumpall.Path, arguments) { Environment = environment.Variables, ReadsOutput = true };
        using var file = new PartialFile(path);
        using var sink = new BackupSink(file.Stream, CompressionKind.Gzip, level: null, seal, cancellationToken);
        using ToolProcess process = ToolProcess.Start(command, cancellationToken);
        bool concluded = Copy(process.StandardOutput, sink.Input);
        sink.Complete();
        int exitCode = process.WaitForExit(cancellationToken);
        if (exitCode != 0)
        {
            throw DumpDiagnostics.Explain("pg_dumpall", exitCode, process.StandardErrorTail, CryoBackupError.DumpFailed, endpoint);
        }

        if (!concluded)
        {
            throw new CryoBackupException(
                CryoBackupError.DumpFailed, $"pg_dumpall of {endpoint.Address} ended well, and did not write to the end.", endpoint.Address, "Back up again.");
        }

        file.Publish();
        return new BackupManifest.GlobalsRecord
        {
            File = Path.GetFileName(path),
            SizeBytes = sink.BytesWritten,
            Sha256 = sink.Hash.ToLowerInvariant(),
            Passwords = withPasswords,
        };
    }

    /// <summary>Compares a backup's globals with what its manifest records.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="record">The record.</param>
    /// <param name="isSealed">True if the backup is encrypted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, HashMismatch.</exception>
    public static void Verify(string backup, BackupManifest.GlobalsRecord record, bool isSealed, CancellationToken cancellationToken)
    {
        // The record's name is not followed: it lies beside the backup under this name or nowhere.
        string path = backup + Suffix(isSealed);
        using FileStream file = BackupSource.OpenFile(path);
        using var hash = new Sha256ReadStream(file);
        string found = hash.Finish(cancellationToken);
        if (!string.Equals(found, record.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new CryoBackupException(
                CryoBackupError.HashMismatch,
                string.Create(CultureInfo.InvariantCulture, $"'{path}' ({file.Length} bytes; {record.SizeBytes} were recorded) is not what was written: its SHA-256 differs from the recorded one."),
                path,
                "The backup itself may be good without its globals; take the roles from another backup.");
        }
    }

    /// <summary>Verifies and reads a backup's globals.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="record">What its manifest records of them.</param>
    /// <param name="isSealed">True if the backup is encrypted.</param>
    /// <param name="identities">Full paths of identity files, any of which may open them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The roles.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, HashMismatch; IdentityMissing and others of the opening.</exception>
    public static GlobalsScript Read(
        string backup, BackupManifest.GlobalsRecord record, bool isSealed, IReadOnlyList<string> identities, CancellationToken cancellationToken)
    {
        Verify(backup, record, isSealed, cancellationToken);
        string path = backup + Suffix(isSealed);
        using var source = new BackupSource(path, new AgeOpening(path, identities, [], cancellationToken), cancellationToken);
        using var bytes = new MemoryStream();
        source.Output.CopyTo(bytes);
        ReadOnlySpan<byte> script = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);

        // pg_dumpall writes in the encoding of the database that it connects to, and says so.
        Match encoding = ClientEncoding().Match(Encoding.Latin1.GetString(script));
        return new GlobalsScript(ServerEncoding.Decode(script, ServerEncoding.Find(encoding.Success ? encoding.Groups[1].Value : "UTF8")));
    }

    private static bool Copy(Stream source, Stream destination)
    {
        var buffer = new byte[1 << 16];
        var tail = new byte[256];
        int count;
        while ((count = source.Read(buffer)) > 0)
        {
            destination.Write(buffer.AsSpan(0, count));
            int keep = Math.Min(count, tail.Length);
            Buffer.BlockCopy(tail, keep, tail, 0, tail.Length - keep);
            buffer.AsSpan(count - keep, keep).CopyTo(tail.AsSpan(tail.Length - keep));
        }

        return tail.AsSpan().IndexOf(Conclusion) >= 0;
    }

    [GeneratedRegex("^SET client_encoding = '([^']+)';", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ClientEncoding();
}
