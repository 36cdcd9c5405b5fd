using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Backup;

/// <summary>What belongs to no database, roles and tablespaces, written by pg_dumpall beside a backup.</summary>
/// <param name="session">What the parts of the backup have in common.</param>
/// <param name="preflight">The program, and the snapshot.</param>
internal sealed class PgDumpall(BackupSession session, BackupPreflight preflight)
{
    // pg_dumpall's last words; without them it was cut short.
    private static ReadOnlySpan<byte> Conclusion => "-- PostgreSQL database cluster dump complete"u8;

    /// <summary>Writes the file; its owner publishes it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="warnings">Takes what is to be said of it.</param>
    /// <returns>What the manifest records of it.</returns>
    /// <exception cref="CryoBackupException">DumpFailed and others.</exception>
    public async Task<BackupManifest.GlobalsRecord> WriteAsync(BackupOutput file, List<string> warnings)
    {
        bool withPasswords = await preflight.Snapshot.MayReadPasswordsAsync(session.Limits.Token).ConfigureAwait(false);
        string name = Path.GetFileName(file.FinalPath);
        if (!withPasswords || session.Encryption is null)
        {
            warnings.Add(
                withPasswords
                    ? $"'{name}' holds the password hashes of the roles; keep it as you keep passwords, "
                        + "or encrypt the backup with -Recipient."
                    : $"'{name}' holds the roles without their passwords, which role '{session.Endpoint.UserName}' may not read."
            );
        }

        // It is short: silence and the whole of it have the same limit.
        using (session.Limits.Watch(() => 0, session.Request.StallTimeout, GlobalsStalled))
        {
            return await Task.Run(() => Write(file, withPasswords), CancellationToken.None).ConfigureAwait(false);
        }

        CryoBackupException GlobalsStalled(TimeSpan limit) =>
            new(
                CryoBackupError.DumpFailed,
                $"pg_dumpall of {session.Endpoint.Address} was ended because it took longer than {DurationText.Of(limit)}.",
                session.Endpoint.Address,
                "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer."
            );
    }

    private BackupManifest.GlobalsRecord Write(BackupOutput file, bool withPasswords)
    {
        ServerEndpoint endpoint = session.Endpoint;
        CancellationToken cancellationToken = session.Limits.Token;
        using var environment = new LibpqEnvironment(endpoint, session.Application);
        List<string> arguments = ["--globals-only", "--no-password", $"--database={environment.Conninfo}"];
        if (!withPasswords)
        {
            arguments.Add("--no-role-passwords");
        }

        var command = new ToolCommand(preflight.PgDumpall.Path, arguments) { Environment = environment.Variables, ReadsOutput = true };
        using var sink = new BackupSink(file.Stream, CompressionKind.Gzip, level: null, session.Encryption, cancellationToken);
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
