using CryoBackup.Archive;
using CryoBackup.Postgres;

namespace CryoBackup.Restore;

/// <summary>Makes the result of a restore, planned or done, from the same plan.</summary>
internal sealed class RestoreOutcome(
    RestoreRequest request,
    ServerEndpoint endpoint,
    ArchiveContent content,
    RestorePlan plan,
    IReadOnlyList<string> roles,
    DateTime start
)
{
    /// <summary>What is dropped and not restored.</summary>
    public IReadOnlyList<string> AlsoDropped { get; init; } = [];

    /// <summary>The plan's SQL; empty where nobody asked for it.</summary>
    public string Script { get; init; } = "";

    /// <summary>What would be done.</summary>
    /// <param name="warnings">What speaks neither for nor against it.</param>
    public RestoreResult Planned(IReadOnlyList<string> warnings) =>
        Make(
            RestoreStatus.Planned,
            [
                .. plan.Tables.Select(table => new TableComparison
                {
                    Schema = table.Entry.Schema,
                    Name = table.Entry.Name,
                    ExpectedRows = table.Fingerprint?.Rows,
                    ExpectedFingerprint = table.Fingerprint?.Text ?? "",
                }),
            ],
            warnings,
            null
        );

    /// <summary>What was done.</summary>
    /// <param name="tables">Every table, compared.</param>
    /// <param name="warnings">What was unexpected.</param>
    /// <param name="previous">The name that the database swapped out has now; null for none.</param>
    public RestoreResult Restored(TableComparison[] tables, IReadOnlyList<string> warnings, string? previous) =>
        Make(RestoreStatus.Restored, tables, warnings, previous);

    private RestoreResult Make(RestoreStatus status, TableComparison[] tables, IReadOnlyList<string> warnings, string? previous)
    {
        DateTime end = DateTime.UtcNow;
        return new RestoreResult
        {
            Path = request.Path,
            SourceDatabase = content.Header.Database,
            ComputerName = endpoint.Host,
            Port = endpoint.Port,
            TargetDatabase = request.TargetDatabase,
            Mode = plan.Mode,
            Status = status,
            Roles = [.. roles],
            Objects = [.. plan.Entries.Select(entry => entry.ToString())],
            LeftOut = [.. plan.LeftOut.Select(item => $"{item.Entry}: {item.Reason}")],
            AlsoDropped = [.. AlsoDropped],
            Tables = tables,
            Warnings = [.. warnings],
            PreviousDatabase = previous,
            Script = Script,
            Start = start,
            End = end,
            Duration = end - start,
        };
    }
}
