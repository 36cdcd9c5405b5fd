using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>Compares what came back with what the archive holds, and records every difference: the database's content,
/// then its definitions.</summary>
internal sealed class RehearsalComparison(
    RehearsalServer server,
    ArchiveContent content,
    DefinitionRestore definitions,
    RehearsalChecks checks,
    CancellationToken cancellationToken
)
{
    private const string Distrust = "Do not rely on this backup alone; look at Differences, and make and rehearse another.";

    private readonly List<string> _differences = [];

    /// <summary>Every difference found until now.</summary>
    public IReadOnlyList<string> Differences => _differences;

    /// <summary>Compares; each part ends in a check.</summary>
    /// <param name="proof">Compares the content.</param>
    /// <exception cref="NpgsqlException">The server failed.</exception>
    /// <exception cref="CryoBackupException">A program failed.</exception>
    public async Task RunAsync(DatabaseProof proof)
    {
        await foreach (ProofPart part in proof.RunAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part is { Findings.Count: 0, Unread: { } unread })
            {
                checks.Hinder(
                    part.Check,
                    char.ToUpperInvariant(unread[0]) + unread[1..],
                    "Make backups with New-CryoBackup, or with pg_dump -Fc and gzip or no compression."
                );
            }
            else
            {
                Judge(part.Check, [.. part.Findings.Select(finding => finding.Text)], part.Good);
            }
        }

        await CompareSchemaAsync().ConfigureAwait(false);
    }

    private async Task CompareSchemaAsync()
    {
        try
        {
            ClientTool pgDump = ClientTools.Find(
                "pg_dump",
                Math.Max(server.Major, ArchiveHeader.Major(content.Header.DumpVersion)),
                cancellationToken
            );
            string what = server.HasOwners
                ? "definitions, owners and privileges"
                : "definitions (owners and privileges are not rehearsed on a named server)";
            List<string> differences = await new SchemaComparison(server, content, pgDump, definitions, cancellationToken)
                .RunAsync()
                .ConfigureAwait(false);
            Judge(CheckNames.Schema, differences, $"{what} are the backup's");
        }
        catch (CryoBackupException exception)
            when (exception.Error is CryoBackupError.PgToolNotFound or CryoBackupError.PgToolTooOld or CryoBackupError.RestoreFailed)
        {
            checks.Hinder(CheckNames.Schema, $"Definitions were not compared: {exception.Message}", exception.Remedy);
        }
    }

    private void Judge(string check, IReadOnlyList<string> differences, string good)
    {
        _differences.AddRange(differences);
        if (differences.Count == 0)
        {
            checks.Pass(check, good);
        }
        else
        {
            checks.Fail(check, $"The restored database differs from the backup: {DatabaseProof.Shorten(differences)}.", Distrust);
        }
    }
}
