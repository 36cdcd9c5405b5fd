using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>What pg_dump says of a database: its definitions, owners and privileges,
/// in the spelling of no setting of the database's or the role's own.</summary>
internal static class DefinitionDump
{
    // What the text of a definition depends on beyond what every session of ours sets.
    private static readonly KeyValuePair<string, string>[] Spelling = [new("lc_monetary", "C")];

    /// <summary>Dumps a database without rows.</summary>
    /// <param name="pgDump">A pg_dump that fits the server.</param>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="application">Shown in pg_stat_activity.</param>
    /// <param name="withLargeObjects">True to look at the owners and privileges of large objects too.</param>
    /// <param name="cancellationToken">Ends pg_dump.</param>
    /// <returns>The table of contents, large objects as in <see cref="InOneForm"/>.</returns>
    /// <exception cref="CryoBackupException">pg_dump failed.</exception>
    public static IReadOnlyList<TocEntry> Take(
        ClientTool pgDump,
        ServerEndpoint endpoint,
        string application,
        bool withLargeObjects,
        CancellationToken cancellationToken
    )
    {
        using var environment = new LibpqEnvironment(endpoint, application, settings: Spelling);

        // Without rows there are no large objects to pg_dump, only with those of no table.
        string what = withLargeObjects ? "--exclude-table-data=*.*" : "--schema-only";
        var command = new ToolCommand(pgDump.Path, "-Fc", "-Z0", what, "--no-password", $"--dbname={environment.Conninfo}")
        {
            Environment = environment.Variables,
            ReadsOutput = true,
        };
        using var process = ToolProcess.Start(command, cancellationToken);
        CryoBackupException cut;
        try
        {
            IReadOnlyList<TocEntry> entries = ArchiveHead.Read(process.StandardOutput, cancellationToken).Entries;

            // What follows is the content of large objects, each asked for.
            process.KillAlone();
            return InOneForm(entries);
        }
        catch (CryoBackupException exception)
        {
            cut = exception;
        }

        // pg_dump's own words say more.
        int exitCode = process.WaitForExit(cancellationToken);
        throw exitCode != 0
            ? DumpDiagnostics.Explain("pg_dump", exitCode, process.StandardErrorTail, CryoBackupError.DumpFailed, endpoint)
            : cut;
    }

    /// <summary>
    /// Until PostgreSQL 16 pg_dump writes an entry for each large object; later one for many that have the same owner and privileges, with
    /// privileges that name the first. Here each has its own.
    /// </summary>
    /// <param name="entries">A table of contents.</param>
    /// <returns>The same, in one form whatever version wrote it.</returns>
    public static IReadOnlyList<TocEntry> InOneForm(IReadOnlyList<TocEntry> entries)
    {
        ILookup<int, string> groups = entries
            .Where(entry => entry.Kind == "BLOB METADATA")
            .SelectMany(entry =>
                entry
                    .Definition.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    .Select(oid => (entry.DumpId, Oid: oid))
            )
            .ToLookup(member => member.DumpId, member => member.Oid);
        return [.. entries.SelectMany(entry => Expand(entry, groups))];
    }

    private static IEnumerable<TocEntry> Expand(TocEntry entry, ILookup<int, string> groups)
    {
        if (TocKinds.IsLargeObject(entry))
        {
            return (entry.Kind == "BLOB" ? [entry.Name] : groups[entry.DumpId]).Select(oid => Copy(entry, "BLOB", oid, ""));
        }

        string[] members = [.. entry.Dependencies.SelectMany(id => groups[id])];
        if (members.Length == 0 || !entry.Name.StartsWith("LARGE OBJECTS ", StringComparison.Ordinal))
        {
            return [entry];
        }

        string first = $"LARGE OBJECT {members[0]} ";
        return members.Select(oid =>
            Copy(
                entry,
                entry.Kind,
                $"LARGE OBJECT {oid}",
                entry.Definition.Replace(
                    first,
                    string.Create(CultureInfo.InvariantCulture, $"LARGE OBJECT {oid} "),
                    StringComparison.Ordinal
                )
            )
        );
    }

    private static TocEntry Copy(TocEntry entry, string kind, string name, string definition) =>
        new()
        {
            Kind = kind,
            Name = name,
            Owner = entry.Owner,
            Section = TocSection.PreData,
            Definition = definition,
        };
}
