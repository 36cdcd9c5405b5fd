using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;

namespace CryoBackup.Backup;

/// <summary>What belongs to no database, roles and tablespaces, written by pg_dumpall beside a backup.</summary>
internal static class PgDumpall
{
    // pg_dumpall's last words; without them it was cut short.
    private static ReadOnlySpan<byte> Conclusion => "-- PostgreSQL database cluster dump complete"u8;

    /// <summary>Writes the file; its owner publishes it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="encryption">Encrypts; null for no encryption.</param>
    /// <param name="pgDumpall">The program.</param>
    /// <param name="endpoint">The server, with any database of it.</param>
    /// <param name="application">Shown in pg_stat_activity.</param>
    /// <param name="withPasswords">False if the role may not read the password hashes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What the manifest records of it.</returns>
    /// <exception cref="CryoBackupException">DumpFailed and others.</exception>
    public static BackupManifest.GlobalsRecord Write(
        BackupOutput file,
        AgeEncryption? encryption,
        ClientTool pgDumpall,
        ServerEndpoint endpoint,
        string application,
        bool withPasswords,
        CancellationToken cancellationToken
    )
    {
        using var environment = new LibpqEnvironment(endpoint, application);
        List<string> arguments =
        [
            "--globals-only",
            "--no-password",
            $"--database={LibpqEnvironment.ConninfoForDatabase(endpoint.Database)}",
        ];
        if (!withPasswords)
        {
            arguments.Add("--no-role-passwords");
        }

        var command = new ToolCommand(pgDumpall.Path, arguments) { Environment = environment.Variables, ReadsOutput = true };
        using var sink = new BackupSink(file.Stream, CompressionKind.Gzip, level: null, encryption, cancellationToken);
        using var process = ToolProcess.Start(command, cancellationToken);
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
                CryoBackupError.DumpFailed,
                $"pg_dumpall of {endpoint.Address} ended well, and did not write to the end.",
                endpoint.Address,
                "Back up again."
            );
        }

        return new BackupManifest.GlobalsRecord
        {
            File = Path.GetFileName(file.FinalPath),
            SizeBytes = sink.BytesWritten,
            Sha256 = sink.Hash.ToLowerInvariant(),
            Passwords = withPasswords,
        };
    }

    private static bool Copy(Stream source, Stream destination)
    {
        byte[] buffer = new byte[1 << 16];
        byte[] tail = new byte[256];
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
}
