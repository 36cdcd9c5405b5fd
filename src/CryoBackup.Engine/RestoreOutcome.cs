using CryoBackup.Archive;
using CryoBackup.Postgres;

namespace CryoBackup;

/// <summary>Makes the result of a restore, planned or done, from the same facts.</summary>
internal sealed class RestoreOutcome(RestoreRequest request, ServerEndpoint endpoint, ArchiveContent content, DateTime start)
{
    // What pg_restore does not restore as an object: how the archive is written, and the database itself.
    private static readonly HashSet<string> NoObjects = new(StringComparer.Ordinal)
    {
        "ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES",
    };

    /// <summary>What would be done.</summary>
    public RestoreResult Planned() => Make(
        RestoreStatus.Planned,
        [
            .. content.Tables.Select(table => new TableComparison
            {
                Schema = table.Entry.Schema,
                Name = table.Entry.Name,
                ExpectedRows = table.Fingerprint?.Rows,
                ExpectedFingerprint = table.Fingerprint?.Text ?? "",
            }),
        ],
        []);

    /// <summary>What was done.</summary>
    /// <param name="tables">Every table, compared.</param>
    /// <param name="warnings">pg_restore's warnings.</param>
    public RestoreResult Restored(TableComparison[] tables, IReadOnlyList<string> warnings) => Make(RestoreStatus.Restored, tables, [.. warnings]);

    private RestoreResult Make(RestoreStatus status, TableComparison[] tables, string[] warnings)
    {
        DateTime end = DateTime.UtcNow;
        return new RestoreResult
        {
            Path = request.Path,
            SourceDatabase = content.Header.Database,
            ComputerName = endpoint.Host,
            Port = endpoint.Port,
            TargetDatabase = request.TargetDatabase,
            Mode = request.Create ? "Create" : "Empty",
            Status = status,
            Objects = [.. content.Entries.Where(entry => !NoObjects.Contains(entry.Kind)).Select(entry => entry.ToString())],
            Tables = tables,
            Warnings = warnings,
            Start = start,
            End = end,
            Duration = end - start,
        };
    }
}
