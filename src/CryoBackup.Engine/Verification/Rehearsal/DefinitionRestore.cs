using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>
/// Makes a database of the same definitions as the rehearsed one, and without rows. An archive's header and table of contents are an
/// archive for pg_restore as long as nothing of its data is wanted, so a large backup is not read again.
/// </summary>
internal sealed class DefinitionRestore(VerificationRequest request, RehearsalServer server, ArchiveContent content, ClientTool pgRestore)
{
    /// <summary>Makes it.</summary>
    /// <param name="cancellationToken">Kills pg_restore.</param>
    /// <returns>The database, which goes with the server.</returns>
    /// <exception cref="CryoBackupException">RestoreFailed, naming pg_restore's complaint.</exception>
    public async Task<ServerEndpoint> RunAsync(CancellationToken cancellationToken)
    {
        ServerEndpoint endpoint = await server.PrepareReferenceAsync(content, cancellationToken).ConfigureAwait(false);
        using var folder = PrivateFolder.Create("cryobackup-reference-");
        using var environment = new LibpqEnvironment(endpoint, server.Application);
        IEnumerable<TocEntry> entries = content.Entries.Where(entry =>
            server.Selection.Restored.Contains(entry.DumpId) && !TocKinds.IsData(entry)
        );
        string list = folder.WriteFile(
            "entries",
            string.Concat(entries.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.DumpId};\n")))
        );
        List<string> arguments =
        [
            "--exit-on-error",
            "--no-password",
            "--no-tablespaces",
            "--schema-only",
            $"--use-list={list}",
            $"--dbname={environment.Conninfo}",
        ];
        if (!server.HasOwners)
        {
            arguments.Add("--no-owner");
        }

        using var process = ToolProcess.Start(
            new ToolCommand(pgRestore.Path, arguments) { Environment = environment.Variables, WritesInput = true },
            cancellationToken
        );
        try
        {
            CopyOutline(process.StandardInput, cancellationToken);
            process.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // pg_restore stopped reading: its exit says why.
        }

        int exitCode = process.WaitForExit(cancellationToken);
        if (exitCode != 0)
        {
            throw DumpDiagnostics.Explain("pg_restore", exitCode, process.StandardErrorTail, CryoBackupError.RestoreFailed, endpoint);
        }

        await server.FinishReferenceAsync(content, cancellationToken).ConfigureAwait(false);
        return endpoint;
    }

    private void CopyOutline(Stream destination, CancellationToken cancellationToken)
    {
        using var source = new BackupSource(
            request.File(static _ => { }),
            new AgeDecryption(request.Path, request.Identities, [], cancellationToken),
            cancellationToken
        );
        ArchiveReader.CopyTableOfContents(source.Output, destination, cancellationToken);
    }
}
